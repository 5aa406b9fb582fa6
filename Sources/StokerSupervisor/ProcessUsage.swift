package import StokerCore
package import StokerHost

/// Asks the kernel what process trees use; who is gone is left out.
///
/// Called at each scrape and for each status, so it must not block.
package typealias UsageReader = @Sendable ([ProcessIdentity]) -> [ProcessIdentity: ProcessTable.Usage]

extension ProcessTable {
    /// What these processes and their descendants use now, from one reading of `/proc`.
    ///
    /// A process that has another's number, but not its start time, is another.
    package static func usage(of processes: [ProcessIdentity]) -> [ProcessIdentity: Usage] {
        guard !processes.isEmpty else { return [:] }
        let table = read()
        let alive = processes.filter { table.entries[$0.pid]?.startTime == $0.startTime }
        return Dictionary(alive.map { ($0, table.usage(ofTree: $0.pid)) }, uniquingKeysWith: { first, _ in first })
    }
}
