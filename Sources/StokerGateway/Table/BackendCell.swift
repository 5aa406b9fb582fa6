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
    private let trouble = Mutex(Trouble())
    /// What the recovery says, for those who choose.
    private let standingNow = Atomic(Standing.good.rawValue)
    private let shareNow = Atomic(Balancer.fullShare)
    /// Whether a good answer would change nothing.
    private let isSound = Atomic(true)
    /// Whether somebody has the one request that decides.
    private let isTried = Atomic(false)
    /// Whether others served when it left the rotation, or was new: then they can do without it for a while.
    private let isAwaited = Atomic(true)
    /// When it came back, as `SocketLoop.nanoseconds`; 0: long ago.
    private let returnedAt = Atomic<Int64>(0)
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
    package var inFlight: Int { requests.load(ordering: .sequentiallyConsistent) }

    /// Whether nothing is held against it.
    package var isWorking: Bool { standing == .good }

    /// What it has earned by itself, whatever the control plane and the latest silence say.
    package var standing: Standing {
        let standing = Standing(rawValue: standingNow.load(ordering: .relaxed)) ?? .good
        // One request decides; the others have others to go to.
        return standing == .onTrial && isTried.load(ordering: .relaxed) ? .lastResort : standing
    }

    /// What it gets of what falls to others, of `Balancer.fullShare`.
    package var share: Int { shareNow.load(ordering: .relaxed) }

    var isWarmingUp: Bool { share < Balancer.fullShare }

    /// Why it is out of rotation, nil while it is not.
    package var outBecause: String? { trouble.withLock { $0.recovery.trouble(after: $0.lastError) } }

    /// Its recovery as it stands.
    package var recovery: BackendRecovery { trouble.withLock { $0.recovery } }

    /// A request is sent to it, however much it has to do.
    package func begin() { requests.wrappingAdd(1, ordering: .sequentiallyConsistent) }

    /// The same, unless it works on so many requests already: false then.
    ///
    /// Two loops may have chosen the last slot at once; one of them gets it.
    package func begin(within limit: Int) -> Bool {
        var count = requests.load(ordering: .relaxed)
        while count < limit {
            let outcome = requests.compareExchange(
                expected: count, desired: count + 1, ordering: .sequentiallyConsistent)
            if outcome.exchanged { return true }
            count = outcome.original
        }
        return false
    }

    /// A request has left it. In one order with what `Admission` looks at, for all loops.
    package func end() { requests.wrappingSubtract(1, ordering: .sequentiallyConsistent) }

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

    /// How long after its return it gets its slots little by little: a tenth at once, then twice as many each second.
    private static let openingTime: Int64 = 4_000_000_000

    /// How many requests it gets at once: all that wait when a backend comes back would otherwise come to it together.
    package func limit(_ slots: Int, at now: Int64) -> Int {
        let returned = returnedAt.load(ordering: .relaxed)
        guard returned > 0, now &- returned < Self.openingTime else { return slots }
        let tenths = Int64(slots) << max(0, (now &- returned) / 1_000_000_000)
        return min(slots, max(1, Int(tenths / 10)))
    }

    /// It is not in rotation by the table, from now on.
    package func left(othersServe: Bool) { isAwaited.store(!othersServe, ordering: .relaxed) }

    /// Whether nobody served when it left the rotation by the table.
    package var leftNobody: Bool { isAwaited.load(ordering: .relaxed) }

    /// Makes the caller's request the one that decides, if one has to; false: another one is, or none has to.
    package func claimTrial() -> Bool {
        guard standingNow.load(ordering: .relaxed) == Standing.onTrial.rawValue else { return false }
        return isTried.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }

    /// The request that decides is over.
    package func releaseTrial() { isTried.store(false, ordering: .relaxed) }

    /// Takes note of a good answer, or of the first event of one.
    package func succeeded(at now: Int64) -> [BackendRecovery.Effect] {
        isSound.load(ordering: .relaxed) ? [] : note(.succeeded, at: now)
    }

    /// Tells its recovery what happened; returns what to do about it.
    ///
    /// - Parameter reason: what it failed with, as a clause.
    package func note(
        _ event: BackendRecovery.Event, at now: Int64, reason: String? = nil
    ) -> [BackendRecovery.Effect] {
        trouble.withLock { trouble in
            let effects = trouble.recovery.handle(event, at: .nanoseconds(now), jitter: .random(in: 0...1))
            let recovery = trouble.recovery
            if let reason { trouble.lastError = reason }
            if effects.contains(.readmit) { returnedAt.store(now, ordering: .relaxed) }
            standingNow.store(recovery.standing.rawValue, ordering: .relaxed)
            shareNow.store(recovery.warmUp.share, ordering: .relaxed)
            isSound.store(recovery.isWorking && recovery.streak == 0, ordering: .relaxed)
            return effects
        }
    }
}
