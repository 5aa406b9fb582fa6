import CNVML
import StokerCore

/// How busy the processors of one card are (NVML's GPM, Hopper and later): the difference between two samples of its
/// counters, one of which is kept from the round before.
final class NVMLActivity {
    private enum State {
        case unknown
        /// The card or the library cannot; it is not asked again in this session.
        case absent
        /// Room for two samples; `hasEarlier`: the first holds one.
        case sampling(earlier: cnvml_sample, later: cnvml_sample, hasEarlier: Bool)
    }

    private let device: NVMLDevice
    private var state = State.unknown

    init(_ device: NVMLDevice) { self.device = device }

    /// Since the call before; nil for the first, and where there is no such thing.
    func read() throws(NVMLCode) -> (sm: Double?, tensor: Double?)? {
        if case .unknown = state { state = try begin() }
        guard case .sampling(let earlier, let later, let hasEarlier) = state else { return nil }
        let functions = device.functions
        try device.caller.call("nvmlGpmSampleGet", functions.sample_get) { $0(device.handle, later) }
        state = .sampling(earlier: later, later: earlier, hasEarlier: true)
        guard hasEarlier else { return nil }
        var (sm, tensor) = (Double.nan, Double.nan)
        try device.caller.call("nvmlGpmMetricsGet", functions.activities) { _ in
            withUnsafePointer(to: functions) { cnvml_read_activity($0, earlier, later, &sm, &tensor) }
        }
        return (GPUUnit.ratio(percent: sm), GPUUnit.ratio(percent: tensor))
    }

    /// Gives the room back; before the session ends.
    func end() {
        guard case .sampling(let earlier, let later, _) = state else { return }
        state = .absent
        _ = device.functions.sample_free?(earlier)
        _ = device.functions.sample_free?(later)
    }

    private func begin() throws(NVMLCode) -> State {
        let functions = device.functions
        var support = cnvml_activity_support(version: 1, is_supported: 0)
        do throws(NVMLCode) {
            try device.caller.call("nvmlGpmQueryDeviceSupport", functions.activity_support) {
                $0(device.handle, &support)
            }
        } catch {
            guard error.isAbsence else { throw error }
            return .absent
        }
        guard support.is_supported != 0 else { return .absent }
        let earlier = try room()
        do throws(NVMLCode) {
            return .sampling(earlier: earlier, later: try room(), hasEarlier: false)
        } catch {
            _ = functions.sample_free?(earlier)
            throw error
        }
    }

    private func room() throws(NVMLCode) -> cnvml_sample {
        var room: cnvml_sample?
        try device.caller.call("nvmlGpmSampleAlloc", device.functions.sample_alloc) { $0(&room) }
        guard let room else { throw NVMLCode(CNVML_UNKNOWN) }
        return room
    }
}
