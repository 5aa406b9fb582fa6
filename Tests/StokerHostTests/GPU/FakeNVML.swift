import CLinux
import FoundationEssentials
import Glibc
import StokerCore
import StokerHost
import Testing

/// A libnvidia-ml.so.1 of our own, which says what a script says (Tests/Fixtures/nvml).
final class FakeNVML: Sendable {
    /// Built once for all tests that want all of its functions.
    private static let whole = Result { try build(without: []) }

    private let directory: TemporaryDirectory
    let path: String

    /// - Parameter functions: those that this library has not.
    init(_ script: String = "", without functions: [String] = []) throws {
        directory = try TemporaryDirectory()
        path = directory.file("libnvidia-ml.so.1")
        let built = functions.isEmpty ? try Self.whole.get() : try Self.build(without: functions)
        try Data(contentsOf: built.file("lib.so")).write(to: path)
        try say(script)
    }

    /// From now on it says this.
    func say(_ script: String) throws {
        // Renamed into place, so that no call reads half of it.
        let new = try directory.write(script + "\n", to: "nvml.new")
        guard rename(new, directory.file("nvml.script")) == 0 else { throw SystemError("rename") }
    }

    /// What NVML's source reads of it, in one round.
    func source() -> NVMLSource { NVMLSource(path: path) { Timestamp(milliseconds: 7) } }

    private static func build(without functions: [String]) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let source = "\(tests.path)/Fixtures/nvml/fake_nvml.c"
        let defines = functions.map { "-D\($0)=absent_\($0)" }.joined(separator: " ")
        let status = system("cc -w -shared -fPIC \(defines) -o \(directory.file("lib.so")) \(source)")
        try #require(status == 0, "cc does not build \(source)")
        return directory
    }
}

extension Data {
    fileprivate init(contentsOf path: String) throws { try self.init(contentsOf: URL(filePath: path)) }

    fileprivate func write(to path: String) throws { try write(to: URL(filePath: path)) }
}

/// Waits until something is so, on a thread of its own; false when it is not within 20 s.
func comesTrue(_ isSo: @escaping @Sendable () -> Bool) async -> Bool {
    await OwnThread.run {
        let deadline = Deadline(after: .seconds(20))
        while !isSo() {
            if deadline.left == 0 { return false }
            clinux_rest(1_000_000)
        }
        return true
    }
}

extension GPUClock {
    /// The machine's, for tests that only wait for facts.
    static let machine = GPUClock(
        monotonic: { .nanoseconds(clinux_monotonic_time()) }, wall: { Timestamp(milliseconds: 7) })
}

extension GPUSampler.Timing {
    /// Soon again, and soon out of patience.
    static let quick: GPUSampler.Timing = {
        var timing = GPUSampler.Timing()
        timing.interval = .milliseconds(5)
        timing.longestPause = .milliseconds(20)
        timing.patience = .milliseconds(100)
        return timing
    }()
}
