import CLinux
import Glibc
package import StokerCore

/// Signals to processes that are not our children: each goes through a pidfd whose start time was checked, so that a
/// number which has passed to a stranger is never signalled.
package enum Orphan {
    /// SIGTERM to its process group, and SIGCONT, for a stopped process would not hear it.
    package static func terminate(_ identity: ProcessIdentity) {
        guard let process = ProcessFacts.open(identity) else { return }
        // It is the leader of its group and alive, so the group is its own.
        let group = ProcessTable.read().entries.values.filter { $0.group == identity.pid }
        for member in group where member.pid != identity.pid {
            signal(member, SIGTERM)
            signal(member, SIGCONT)
        }
        _ = clinux_pidfd_send_signal(process.number, SIGTERM)
        _ = clinux_pidfd_send_signal(process.number, SIGCONT)
    }

    /// SIGKILL to it and all that descends from it, until nothing new turns up.
    package static func kill(_ identity: ProcessIdentity) {
        for _ in 0..<8 {
            let table = ProcessTable.read()
            guard table.entries[identity.pid]?.startTime == identity.startTime else { return }
            // Descendants first: once their parent is dead nothing shows that they belonged to it.
            let alive = (table.tree(of: identity.pid) + session(of: identity, in: table)).filter { !$0.isEnded }
            if alive.isEmpty { return }
            for entry in alive.reversed() { signal(entry, SIGKILL) }
        }
    }

    /// SIGKILL to what an ended process left in its session.
    package static func clearSession(of identity: ProcessIdentity) {
        for entry in session(of: identity, in: ProcessTable.read()) where entry.pid != identity.pid {
            signal(entry, SIGKILL)
        }
    }

    /// A session keeps its number as long as it has a member, and members are younger than their leader.
    private static func session(of identity: ProcessIdentity, in table: ProcessTable) -> [ProcessTable.Entry] {
        table.entries.values.filter { $0.session == identity.pid && $0.startTime >= identity.startTime }
    }

    private static func signal(_ entry: ProcessTable.Entry, _ signal: Int32) {
        let identity = ProcessIdentity(pid: entry.pid, startTime: entry.startTime, bootID: ProcessFacts.bootID)
        guard let process = ProcessFacts.open(identity) else { return }
        _ = clinux_pidfd_send_signal(process.number, signal)
    }
}
