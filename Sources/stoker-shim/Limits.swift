import CLinux
import Glibc
import ShimProtocol

/// The limits of the next child. They are set on the shim itself and inherited, because only so do they hold from the
/// child's first instruction; then the shim takes its own back.
struct Limits {
    private struct Resource {
        let number: Int32
        let step: StartFailure.Step
        var soft: UInt64 = 0
        var hard: UInt64 = 0

        init(_ number: UInt32, _ step: StartFailure.Step) {
            self.number = Int32(number)
            self.step = step
            _ = clinux_getrlimit(self.number, &soft, &hard)
        }
    }

    private let resources: [Resource]
    private let oomScore: Int32

    init() {
        resources = [
            Resource(RLIMIT_NOFILE.rawValue, .openFiles), Resource(RLIMIT_CORE.rawValue, .coreBytes),
            Resource(RLIMIT_AS.rawValue, .addressSpace),
        ]
        oomScore = OOMScore.current ?? 0
    }

    /// Sets them on the shim.
    func set(_ order: LimitsOrder) throws(StartFailure) {
        for resource in resources {
            guard let value = wanted(resource.step, order) else { continue }
            // The shim must still be able to map a stack for the start itself; `seal` sets the exact value.
            let soft = resource.step == .addressSpace ? max(value, 64 << 20) : value
            guard clinux_setrlimit(resource.number, soft, max(soft, resource.hard)) == 0 else {
                throw StartFailure(step: resource.step, error: errno)
            }
        }
        guard let score = order.oomScoreAdjust else { return }
        // A container may forbid a lower score than its own. Dying sooner than asked for is no reason not to start;
        // dying later, a negative score, is a promise that cannot be kept.
        if let error = OOMScore.set(score), score < 0 || error != EACCES {
            throw StartFailure(step: .oomScore, error: error)
        }
    }

    /// Makes them final for the child that inherited them.
    func seal(_ order: LimitsOrder, of child: Int32) {
        for resource in resources {
            guard let value = wanted(resource.step, order) else { continue }
            _ = clinux_limit_process(child, resource.number, value)
        }
    }

    /// Gives the shim its own back.
    func restore() {
        for resource in resources { _ = clinux_setrlimit(resource.number, resource.soft, resource.hard) }
        _ = OOMScore.set(oomScore)
    }

    private func wanted(_ step: StartFailure.Step, _ order: LimitsOrder) -> UInt64? {
        switch step {
        case .openFiles: order.openFiles
        case .coreBytes: order.coreBytes
        case .addressSpace: order.addressSpaceBytes
        default: nil
        }
    }
}

/// The shim's entry in the kernel's list of whom to kill first.
private enum OOMScore {
    private static let path = "/proc/self/oom_score_adj"

    static var current: Int32? { TextFile.read(path, most: 16).flatMap { Int32($0.prefix { $0 != "\n" }) } }

    /// Returns the error number, nil when it is set.
    static func set(_ score: Int32) -> Int32? { TextFile.write("\(score)", to: path, flags: O_WRONLY) }
}

/// Small files of text, whole.
enum TextFile {
    static func read(_ path: String, most: Int) -> String? {
        let file = clinux_open(path, O_RDONLY, 0)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: most, alignment: 1) { buffer in
            let count = uninterrupted { Glibc.read(file, buffer.baseAddress, buffer.count) }
            guard count > 0 else { return nil }
            return String(validating: buffer.prefix(count), as: UTF8.self)
        }
    }

    /// Returns the error number, nil when all is written.
    static func write(_ text: String, to path: String, flags: Int32, mode: mode_t = 0o600) -> Int32? {
        let file = clinux_open(path, flags, mode)
        guard file >= 0 else { return errno }
        defer { close(file) }
        var text = text
        return text.withUTF8 { bytes in
            let count = uninterrupted { Glibc.write(file, bytes.baseAddress, bytes.count) }
            return count == bytes.count ? nil : (count < 0 ? errno : EIO)
        }
    }
}
