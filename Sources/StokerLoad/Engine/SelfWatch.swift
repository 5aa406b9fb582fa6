import Glibc
import StokerHost

/// What the process costs and what it was refused while it measured: material for the verdict.
struct SelfWatch: Sendable {
    private let cpu = RunClock.processTime
    private let wall = RunClock.monotonic
    private let throttled = Self.throttledTime

    /// Writes down what has come together since.
    func report(into facts: inout ClientFacts) {
        facts.cpu = RunClock.processTime - cpu
        facts.wall = RunClock.monotonic - wall
        facts.throttled = max(0, Self.throttledTime - throttled)
        facts.processors = Self.processors
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            facts.descriptorLimit = Int(clamping: limit.rlim_cur)
        }
    }

    /// By affinity and by the cgroup's quota, whichever is less.
    private static var processors: Double {
        let online = Double(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        guard let group = cgroup, let text = TextFile.read("\(group)/cpu.max") else { return online }
        let parts = text.split { $0 == " " || $0 == "\n" }
        guard parts.count == 2, let quota = Double(parts[0]), let period = Double(parts[1]), period > 0 else {
            return online
        }
        return min(online, quota / period)
    }

    /// How long the kernel kept the whole cgroup waiting for its next period (cgroup v2, `cpu.stat`).
    private static var throttledTime: Nanoseconds {
        guard let group = cgroup, let text = TextFile.read("\(group)/cpu.stat") else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix("throttled_usec ") }
        return (line.flatMap { Int64($0.dropFirst("throttled_usec ".count)) } ?? 0) * 1000
    }

    /// This process's cgroup in the unified hierarchy.
    private static var cgroup: String? {
        guard let text = TextFile.read("/proc/self/cgroup") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::") }
        return line.map { "/sys/fs/cgroup" + $0.dropFirst(3) }
    }
}
