import CLinux
import Glibc
package import StokerCore

/// A signal to a process and the rest of its group, which may not be our children.
package enum GroupSignal {
    /// Sends it to exactly that process; false when it has ended, or its number is another's by now.
    ///
    /// Each member is signalled through a pidfd whose start time was checked.
    package static func send(_ signal: Signal, to identity: ProcessIdentity) -> Bool {
        guard let leader = ProcessFacts.open(identity) else { return false }
        // It is alive, so a group of its number is its own, if it leads one.
        let others = ProcessTable.read().entries.values.filter { $0.group == identity.pid && $0.pid != identity.pid }
        guard clinux_pidfd_send_signal(leader.number, signal.number) == 0 else { return false }
        for member in others {
            let other = ProcessIdentity(pid: member.pid, startTime: member.startTime, bootID: identity.bootID)
            if let process = ProcessFacts.open(other) { _ = clinux_pidfd_send_signal(process.number, signal.number) }
        }
        return true
    }
}
