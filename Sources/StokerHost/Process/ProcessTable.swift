import CLinux
import Glibc

/// All processes of the machine at one moment: one pass over `/proc`, from which any number of trees can be read.
package struct ProcessTable: Sendable {
    /// A process as `/proc/PID/stat` describes it.
    package struct Entry: Sendable, Equatable {
        /// Its number.
        package var pid: Int32
        /// Who reaps it.
        package var parent: Int32
        /// Its process group, named after its leader.
        package var group: Int32
        /// Its session, named after its leader.
        package var session: Int32
        /// Ended, and not reaped yet.
        package var isEnded: Bool
        /// User and kernel time, own and of its reaped children, in seconds.
        package var cpuSeconds: Double
        /// Its pages in memory, shared ones included.
        package var residentBytes: Int64
        /// Clock ticks since boot.
        package var startTime: UInt64

        /// A process with these facts.
        package init(
            pid: Int32, parent: Int32, group: Int32, session: Int32, isEnded: Bool, cpuSeconds: Double,
            residentBytes: Int64, startTime: UInt64
        ) {
            self.pid = pid
            self.parent = parent
            self.group = group
            self.session = session
            self.isEnded = isEnded
            self.cpuSeconds = cpuSeconds
            self.residentBytes = residentBytes
            self.startTime = startTime
        }
    }

    /// What a process and all its descendants use together.
    package struct Usage: Sendable, Equatable {
        /// Pages that processes share count once for each.
        package var residentBytes: Int64 = 0
        /// User and kernel time.
        package var cpuSeconds: Double = 0
        /// How many they are.
        package var processes = 0

        /// A usage; zero by default.
        package init(residentBytes: Int64 = 0, cpuSeconds: Double = 0, processes: Int = 0) {
            self.residentBytes = residentBytes
            self.cpuSeconds = cpuSeconds
            self.processes = processes
        }
    }

    /// By PID.
    package var entries: [Int32: Entry]
    private let children: [Int32: [Int32]]

    /// A table of these processes.
    package init(_ entries: [Entry]) {
        self.entries = Dictionary(entries.map { ($0.pid, $0) }, uniquingKeysWith: { $1 })
        children = Dictionary(grouping: entries, by: \.parent).mapValues { $0.map(\.pid) }
    }

    /// Reads the table of this machine: about 10 µs for each process.
    package static func read() -> ProcessTable {
        let pids = Directory.names("/proc").lazy.compactMap { Int32($0) }
        return ProcessTable(pids.compactMap { entry(of: $0) })
    }

    /// One process; nil when nobody has that number.
    package static func entry(of pid: Int32) -> Entry? {
        TextFile.read("/proc/\(pid)/stat", most: 1024).flatMap { Entry(stat: $0) }
    }

    /// A process and all that descend from it, parents first. Those whose parent has died belong to another now.
    package func tree(of pid: Int32) -> [Entry] {
        var found: [Entry] = []
        var waiting = [pid]
        var seen: Set<Int32> = []
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted, let entry = entries[next] else { continue }
            found.append(entry)
            waiting += children[next] ?? []
        }
        return found
    }

    /// What a process and its descendants use; zero when it is gone.
    package func usage(ofTree pid: Int32) -> Usage {
        tree(of: pid).reduce(into: Usage()) { usage, entry in
            usage.residentBytes += entry.residentBytes
            usage.cpuSeconds += entry.cpuSeconds
            usage.processes += 1
        }
    }
}

extension ProcessTable.Entry {
    private static let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    private static let pageBytes = Int64(sysconf(Int32(_SC_PAGESIZE)))

    /// Reads `/proc/PID/stat`; nil for any other text. The second field is the program's name in parentheses, in which
    /// anything may stand, more parentheses too: the fields are counted from the last one.
    package init?(stat text: String) {
        guard let end = text.lastIndex(of: ")"), let pid = Int32(text.prefix { $0 != " " }) else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
        // fields[0] is field 3 of proc(5).
        guard fields.count > 21, let parent = Int32(fields[1]), let group = Int32(fields[2]),
            let session = Int32(fields[3]), let startTime = UInt64(fields[19]), let pages = Int64(fields[21])
        else { return nil }
        let ticks = fields[11...14].compactMap { Double($0) }.reduce(0, +)
        self.init(
            pid: pid, parent: parent, group: group, session: session,
            isEnded: fields[0] == "Z" || fields[0] == "X", cpuSeconds: ticks / Self.ticksPerSecond,
            residentBytes: pages.multipliedReportingOverflow(by: Self.pageBytes).partialValue, startTime: startTime)
    }
}
