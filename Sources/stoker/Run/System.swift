import Glibc
import StokerCore
import StokerHost
import StokerSupervisor
import Synchronization

extension Timestamp {
    /// The wall clock, read.
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// What process trees use, from one look at `/proc` for all of them.
final class UsageReader: Sendable {
    /// A look costs a file for each process of the machine, and a scrape asks for each of ours.
    private static let freshness = Duration.milliseconds(500)

    private struct Look {
        let time: ContinuousClock.Instant
        let table: ProcessTable
    }

    private let latest = Mutex<Look?>(nil)

    /// What the process and its descendants use; nil when it is gone.
    func usage(of identity: ProcessIdentity) -> ProcessUsage? {
        guard ProcessFacts.isAlive(identity) else { return nil }
        let usage = table().usage(ofTree: identity.pid)
        return ProcessUsage(residentBytes: usage.residentBytes, cpuSeconds: usage.cpuSeconds)
    }

    private func table() -> ProcessTable {
        latest.withLock { latest in
            let now = ContinuousClock.now
            if let latest, latest.time.duration(to: now) < Self.freshness { return latest.table }
            let look = Look(time: now, table: .read())
            latest = look
            return look.table
        }
    }
}
