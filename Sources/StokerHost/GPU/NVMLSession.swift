import CNVML
import StokerCore

/// NVML from its initialisation to its end, with the cards that it found at the beginning.
final class NVMLSession {
    let library: NVMLLibrary
    /// Cards that gave a handle.
    private(set) var cards: [(device: NVMLDevice, identity: GPUIdentity, activity: NVMLActivity)] = []
    /// Cards that are listed and gave none, by index, with what was answered.
    private(set) var unreachable: [(index: Int, code: NVMLCode)] = []

    /// More cards are not looked for.
    private static let mostCards = 256

    /// - Throws: `GPUSourceFailure` when NVML cannot be initialised.
    init(_ library: NVMLLibrary, log: GPUCallLog) throws(GPUSourceFailure) {
        self.library = library
        let caller = NVMLCaller(library, log: log)
        do throws(NVMLCode) {
            try Self.initialise(caller)
        } catch {
            throw GPUSourceFailure("NVML cannot be initialised: \(error.words)")
        }
        do throws(NVMLCode) {
            try findCards(caller)
        } catch {
            end()
            throw GPUSourceFailure("NVML does not list the GPUs: \(error.words)")
        }
    }

    /// Without the flag a machine whose only card is lost could not even say so.
    static func initialise(_ caller: NVMLCaller) throws(NVMLCode) {
        let functions = caller.library.functions
        do throws(NVMLCode) {
            try caller.call("nvmlInitWithFlags", functions.init_with_flags) { $0(UInt32(CNVML_INIT_NO_GPUS)) }
        } catch {
            guard error == .noFunction else { throw error }
            try caller.call("nvmlInit_v2", functions.`init`) { $0() }
        }
    }

    /// Gives back this session's hold on the driver.
    func end() {
        for card in cards { card.activity.end() }
        cards = []
        _ = library.functions.shutdown?()
    }

    private func findCards(_ caller: NVMLCaller) throws(NVMLCode) {
        let functions = library.functions
        let driver = try? caller.text(
            "nvmlSystemGetDriverVersion", size: CNVML_VERSION_SIZE,
            functions.driver_version.map { function in { function($0, $1) } })
        var count: UInt32 = 0
        try caller.call("nvmlDeviceGetCount_v2", functions.count) { $0(&count) }
        for index in 0..<min(Int(count), Self.mostCards) {
            var caller = caller
            caller.card = "GPU \(index)"
            do throws(NVMLCode) {
                var handle: cnvml_device?
                try caller.call("nvmlDeviceGetHandleByIndex_v2", functions.handle_by_index) {
                    $0(UInt32(index), &handle)
                }
                guard let handle else { throw NVMLCode(CNVML_NOT_FOUND) }
                let device = NVMLDevice(handle, caller)
                let identity = try Self.identity(of: device, index: index, driver: driver ?? "")
                cards.append((device, identity, NVMLActivity(device)))
            } catch {
                if error.isEndOfSession { throw error }
                unreachable.append((index, error))
            }
        }
    }

    private static func identity(
        of device: NVMLDevice, index: Int, driver: String
    ) throws(NVMLCode) -> GPUIdentity {
        let address = try absent("") { () throws(NVMLCode) in try device.pciAddress() }
        let uuid = try absent(address) { () throws(NVMLCode) in try device.uuid() }
        let product = try absent("") { () throws(NVMLCode) in try device.product() }
        return GPUIdentity(
            name: "\(index)", uuid: uuid, vendor: .nvidia, product: product, driver: driver, pciAddress: address)
    }

    /// A card that has no such name is still a card; one that is lost is not.
    private static func absent(
        _ substitute: String, _ read: () throws(NVMLCode) -> String
    ) throws(NVMLCode) -> String {
        do throws(NVMLCode) {
            return try read()
        } catch {
            if error.isLoss || error.isEndOfSession { throw error }
            return substitute
        }
    }
}
