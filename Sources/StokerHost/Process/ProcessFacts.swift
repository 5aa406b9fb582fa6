import CLinux
import Glibc
package import StokerCore

/// What `/proc` says of one process.
package enum ProcessFacts {
    /// This boot's number, by which a record from before a reboot is told.
    package static let bootID: String =
        TextFile.read("/proc/sys/kernel/random/boot_id", most: 64).map { String($0.prefix { $0 != "\n" }) } ?? ""

    /// Who has that number now; nil when nobody has, or it has ended and only waits for its parent.
    package static func identity(of pid: Int32) -> ProcessIdentity? {
        guard let entry = ProcessTable.entry(of: pid), !entry.isEnded else { return nil }
        return ProcessIdentity(pid: pid, startTime: entry.startTime, bootID: bootID)
    }

    /// Whether exactly that process still runs.
    package static func isAlive(_ identity: ProcessIdentity) -> Bool { self.identity(of: identity.pid) == identity }

    /// A descriptor that becomes readable when exactly that process ends; nil when it has ended, or its number is
    /// another's by now.
    package static func open(_ identity: ProcessIdentity) -> Descriptor? {
        let pidfd = clinux_pidfd_open(identity.pid)
        guard pidfd >= 0 else { return nil }
        let descriptor = Descriptor(owning: pidfd)
        // After the opening: from now on the number cannot pass to another process unseen.
        return isAlive(identity) ? descriptor : nil
    }

    /// The program's name as `ps` shows it, at most 15 bytes.
    package static func name(of pid: Int32) -> String? {
        TextFile.read("/proc/\(pid)/comm", most: 64).map { String($0.prefix { $0 != "\n" }) }
    }

    /// Program and arguments; empty for kernel threads and the dead.
    package static func commandLine(of pid: Int32) -> [String] {
        let text = TextFile.read("/proc/\(pid)/cmdline") ?? ""
        return text.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}
