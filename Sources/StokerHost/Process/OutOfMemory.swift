import Glibc

/// Whether the kernel's OOM killer ended a process: from its counters before and after, and its own words.
package enum OutOfMemory {
    /// The kernel's counters at one moment.
    package struct Count: Sendable, Equatable {
        /// Processes killed: in our control group where the kernel counts that (cgroup v2), else on the machine.
        package var kills: UInt64?
        /// Microseconds since boot, as the kernel's log counts them.
        package var uptime: UInt64

        /// Counters as they were read.
        package init(kills: UInt64?, uptime: UInt64) {
            self.kills = kills
            self.uptime = uptime
        }
    }

    /// What the kernel's log says of kills.
    package struct Kill: Sendable, Equatable {
        /// Whom it killed, by the number of the first PID namespace.
        package var pid: Int32
        /// The message as logged.
        package var text: String
        /// Microseconds since boot.
        package var uptime: UInt64
    }

    /// Facts for people, and whether it was the OOM killer; nil when that cannot be known.
    package struct Finding: Sendable, Equatable {
        /// One fact a line.
        package var evidence: [String]
        /// Whether it was the OOM killer.
        package var verdict: Bool?

        /// What was found.
        package init(evidence: [String], verdict: Bool?) {
            self.evidence = evidence
            self.verdict = verdict
        }
    }

    /// Reads the counters.
    package static func count() -> Count {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let uptime = UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
        return Count(kills: groupKills() ?? machineKills(), uptime: uptime)
    }

    /// Weighs what is known. `kills`: the kernel log's entries since the start, nil when they cannot be read or its
    /// PIDs are not ours.
    package static func judge(
        pid: Int32, wasKilled: Bool, before: Count, after: Count, kills: [Kill]?
    ) -> Finding {
        guard let first = before.kills, let last = after.kills else { return Finding(evidence: [], verdict: nil) }
        guard last > first else { return Finding(evidence: [], verdict: false) }
        var evidence = ["oom_kill counter rose by \(last - first) while it ran"]
        if let own = kills?.last(where: { $0.pid == pid }) {
            evidence.append("kernel: \(own.text)")
            return Finding(evidence: evidence, verdict: true)
        }
        evidence += (kills ?? []).suffix(3).map { "kernel: \($0.text)" }
        // Not killed itself, it may still have ended because one of its workers was: that is for a person to see.
        guard wasKilled else { return Finding(evidence: evidence, verdict: nil) }
        return Finding(evidence: evidence, verdict: kills == nil)
    }

    /// Reads and weighs; `wasKilled`: it ended by a SIGKILL that nobody here ordered.
    package static func finding(pid: Int32, wasKilled: Bool, since before: Count) -> Finding {
        let after = count()
        let hasRisen = (after.kills ?? 0) > (before.kills ?? 0)
        return judge(
            pid: pid, wasKilled: wasKilled, before: before, after: after,
            kills: hasRisen ? loggedKills(since: before.uptime) : nil)
    }

    private static func machineKills() -> UInt64? {
        number(of: "oom_kill", in: TextFile.read("/proc/vmstat", most: 16 << 10))
    }

    private static func groupKills() -> UInt64? {
        groupEvents.flatMap { number(of: "oom_kill", in: TextFile.read($0, most: 1024)) }
    }

    /// Where the kernel counts what it does to our control group (cgroup v2); nil where it does not.
    private static let groupEvents: String? = {
        let groups = TextFile.read("/proc/self/cgroup")?.split(separator: "\n") ?? []
        guard let group = groups.first(where: { $0.hasPrefix("0::") })?.dropFirst(3) else { return nil }
        let path = "/sys/fs/cgroup\(group == "/" ? "" : group)/memory.events"
        return access(path, R_OK) == 0 ? path : nil
    }()

    /// Reads a line `name number`. By bytes, since it stands between the crash of a process and its restart, and
    /// `/proc/vmstat` has 170 lines.
    package static func number(of name: String, in text: String?) -> UInt64? {
        guard let text else { return nil }
        let wanted = Array((name + " ").utf8)
        var line = text.utf8[...]
        while !line.isEmpty {
            if line.starts(with: wanted) {
                return UInt64(Substring(line.dropFirst(wanted.count).prefix { $0 != UInt8(ascii: "\n") }))
            }
            guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            line = line[line.index(after: end)...]
        }
        return nil
    }

    /// nil when the log is closed to us, or its PIDs are those of another namespace.
    private static func loggedKills(since uptime: UInt64) -> [Kill]? {
        var name = stat()
        // The inode number that every kernel gives its first PID namespace (PROC_PID_INIT_INO).
        guard stat("/proc/self/ns/pid", &name) == 0, name.st_ino == 0xEFFF_FFFC,
            let log = try? Descriptor.open("/dev/kmsg", O_RDONLY | O_NONBLOCK)
        else { return nil }
        var kills: [Kill] = []
        var record = [UInt8](repeating: 0, count: 8192)
        // One read is one record. EPIPE: the ring has overtaken us, go on with what is oldest now.
        for _ in 0..<100_000 {
            let length = read(log.number, &record, record.count)
            if length < 0, errno == EPIPE { continue }
            guard length > 0 else { break }
            let text = String(decoding: record.prefix(length), as: UTF8.self)
            if let kill = Kill(record: text), kill.uptime >= uptime { kills.append(kill) }
        }
        return kills
    }
}

extension OutOfMemory.Kill {
    /// Reads `6,1234,5678901,-;Out of memory: Killed process 812 (python3) total-vm:…`, nil for any other record.
    package init?(record: String) {
        let halves = record.split(separator: ";", maxSplits: 1)
        guard halves.count == 2, let words = halves[1].split(separator: "\n").first,
            let start = words.firstRange(of: "Killed process ")?.upperBound,
            let pid = Int32(words[start...].prefix(while: \.isNumber))
        else { return nil }
        let head = halves[0].split(separator: ",")
        guard head.count >= 3, let uptime = UInt64(head[2]) else { return nil }
        self.init(pid: pid, text: String(words), uptime: uptime)
    }
}
