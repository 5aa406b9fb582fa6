package import StokerCore
import StokerNet
import Synchronization

/// What all event loops know together of one backend; it outlives the tables that name it.
///
/// Counters and the flag are atomics, so that no request waits for another; only a failure takes the lock.
package final class BackendCell: Sendable {
    /// Different for each cell of this process: the key of its connection pools.
    package let id: Int
    package let name: String
    package let address: BackendAddress

    /// For `https`: the system's roots of trust, and the host's name must be in the certificate.
    let tls: TLSClient?
    /// Why there is no TLS for an `https` address.
    let tlsFault: String?

    private static let nextID = Atomic(0)
    private let requests = Atomic(0)
    private let working = Atomic(true)
    private let offered = Atomic(true)
    private let trouble = Mutex(Trouble())
    /// Nanoseconds of the monotonic clock; 0: never.
    private let heardAt = Atomic<Int64>(0)
    private let frozenAt = Atomic<Int64>(0)
    private let askedAt = Atomic<Int64>(0)
    private let shunnedUntil = Atomic<Int64>(0)
    private let shuns = Atomic(0)

    private struct Trouble {
        var recovery = BackendRecovery()
        var lastError: String?
    }

    package init(name: String, address: BackendAddress) {
        id = Self.nextID.wrappingAdd(1, ordering: .relaxed).newValue
        self.name = name
        self.address = address
        guard address.tls else {
            (tls, tlsFault) = (nil, nil)
            return
        }
        do throws(TLSFault) {
            tls = try TLSClient(host: address.host, isInsecure: false)
            tlsFault = nil
        } catch {
            tls = nil
            tlsFault = error.description
        }
    }

    /// Requests that it is working on.
    package var inFlight: Int { requests.load(ordering: .relaxed) }

    /// Whether its connections work.
    package var isWorking: Bool { working.load(ordering: .relaxed) }

    /// The failure that took it out, nil while it works.
    package var lastError: String? { trouble.withLock { $0.lastError } }

    /// Whether the table that all loops go by lets it be used. A request goes by the table that it began with, but must
    /// not be sent again to a backend that has been taken out since: nobody waits for that one any more.
    var isOffered: Bool { offered.load(ordering: .relaxed) }

    func offer(_ isOffered: Bool) { offered.store(isOffered, ordering: .relaxed) }

    package func begin() { requests.wrappingAdd(1, ordering: .relaxed) }

    package func end() { requests.wrappingSubtract(1, ordering: .relaxed) }

    // MARK: Silence

    /// The first time and the longest that a silent backend is passed over, in nanoseconds.
    private static let firstShun: Int64 = 2_000_000_000
    private static let longestShun: Int64 = 30_000_000_000

    /// A byte of whatever answer has come.
    func heard(at now: Int64) {
        heardAt.store(now, ordering: .relaxed)
        if shuns.load(ordering: .relaxed) > 0 {
            shuns.store(0, ordering: .relaxed)
            shunnedUntil.store(0, ordering: .relaxed)
        }
    }

    /// It kept somebody waiting in vain: others are asked before it until it is heard again, or for a while.
    func shun(at now: Int64) {
        guard shunnedUntil.load(ordering: .relaxed) <= now else { return }
        let before = shuns.wrappingAdd(1, ordering: .relaxed).oldValue
        let time = min(Self.longestShun, Self.firstShun << Int64(min(before, 10)))
        shunnedUntil.store(now + time, ordering: .relaxed)
    }

    /// Whether it has kept somebody waiting in vain and nothing has been heard of it since.
    var isOnProbation: Bool { shuns.load(ordering: .relaxed) > 0 }

    /// Whether others are asked before it.
    func isShunned(at now: Int64) -> Bool { shunnedUntil.load(ordering: .relaxed) > now }

    /// When something was last heard of it.
    var lastHeard: Int64 { heardAt.load(ordering: .relaxed) }

    /// Whether it was found to be frozen after that time, and nothing has been heard of it since.
    func isFrozen(since time: Int64) -> Bool {
        let frozen = frozenAt.load(ordering: .relaxed)
        return frozen > time && frozen > lastHeard && !isWorking
    }

    func freeze(at now: Int64) { frozenAt.store(now, ordering: .relaxed) }

    /// Whether the caller is the one to ask it for its health now: one question at a time, and not all the time.
    func mayAsk(at now: Int64, every pause: Int64) -> Bool {
        let before = askedAt.load(ordering: .relaxed)
        guard now - before >= pause else { return false }
        return askedAt.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged
    }

    // MARK: Recovery

    /// Tells its recovery what happened; returns what to do about it.
    ///
    /// - Parameter reason: kept as `lastError`, for a `connectionFailed` or `silent`.
    package func note(_ event: BackendRecovery.Event, reason: String? = nil) -> BackendRecovery.Effect? {
        trouble.withLock { trouble in
            let effect = trouble.recovery.handle(event, jitter: .random(in: 0...1))
            if let reason, !trouble.recovery.isWorking { trouble.lastError = reason }
            if trouble.recovery.isWorking { trouble.lastError = nil }
            working.store(trouble.recovery.isWorking, ordering: .relaxed)
            return effect
        }
    }
}
