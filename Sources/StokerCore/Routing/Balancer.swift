/// Chooses a backend: of those in the best standing the first tier that has one with room; there the home of the
/// request's prefix as long as that is not loaded beyond the others, else the one with the fewest requests in flight.
package struct Balancer: Sendable {
    /// The share of a backend that has nothing against it.
    @inlinable package static var fullShare: Int { 1024 }

    /// Where the search begins, one further each time: equals take turns.
    @usableFromInline package var turn: Int

    /// - Parameter turn: different for each event loop, so that they do not all begin with the same backend.
    package init(turn: Int = 0) { self.turn = turn }

    /// The backend to ask.
    ///
    /// - Parameters:
    ///   - tried: backends that this request has failed on; they are not chosen.
    ///   - key: of the request's prefix: equal ones go to the same backend. nil: wherever there is least to do.
    @inlinable
    package mutating func choose(
        among tiers: [[Int]], avoiding tried: [Int] = [], key: UInt64? = nil, in view: some BackendView
    ) -> Pick {
        var wanted = Standing.good
        while true {
            var isFull = false
            for tier in tiers {
                switch search(tier, for: wanted, avoiding: tried, key: key, in: view) {
                case .backend(let found): return .backend(found)
                case .full: isFull = true
                case .none: break
                }
            }
            // Who works at full load will have room sooner than one that is silent will speak.
            if isFull { return .full }
            switch wanted {
            case .good: wanted = .doubtful
            case .doubtful: wanted = .lastResort
            default: return .none
            }
        }
    }

    @inlinable
    package mutating func search(
        _ tier: [Int], for wanted: Standing, avoiding tried: [Int], key: UInt64?, in view: some BackendView
    ) -> Pick {
        guard !tier.isEmpty else { return .none }
        turn = (turn &+ 1) & 0xFFFF_FFFF
        var sums = TierSums()
        var best: Int?
        var cheapest = Int.max
        var isFull = false
        var place = tier.count == 1 ? 0 : turn % tier.count
        for _ in tier {
            let backend = tier[place]
            place = place &+ 1 == tier.count ? 0 : place &+ 1
            let standing = view.standing(backend)
            // A request that has failed already is not risked.
            let isTrial = standing == .onTrial && wanted == .good && tried.isEmpty
            guard isTrial || standing == wanted || (standing == .onTrial && wanted == .lastResort),
                tried.isEmpty || !tried.contains(backend)
            else { continue }
            let (load, limit, share) = (view.inFlight(backend), view.limit(backend), view.share(backend))
            guard load < limit else {
                isFull = isFull || !isTrial
                continue
            }
            if isTrial { return .backend(backend) }
            sums.add(load: load, limit: limit, share: share)
            let cost = Self.cost(load, share, turn: turn)
            if cost < cheapest {
                cheapest = cost
                best = backend
            }
        }
        guard let best else { return isFull ? .full : .none }
        guard let key, sums.count > 1 else { return .backend(best) }
        return .backend(home(of: key, tier, for: wanted, avoiding: tried, sums, in: view) ?? best)
    }

    /// The backend that draws the highest number for the key, among those that would not be loaded beyond their part of
    /// 1.25 times what all have to do, the new request included (rendezvous hashing with bounded loads).
    @inlinable
    package func home(
        of key: UInt64, _ tier: [Int], for wanted: Standing, avoiding tried: [Int], _ sums: TierSums,
        in view: some BackendView
    ) -> Int? {
        var best: Int?
        var highest: UInt64 = 0
        for backend in tier where tried.isEmpty || !tried.contains(backend) {
            let standing = view.standing(backend)
            guard standing == wanted || (standing == .onTrial && wanted == .lastResort) else { continue }
            let (load, limit) = (view.inFlight(backend), view.limit(backend))
            guard load < limit, load < sums.bound(limit: limit, share: view.share(backend)) else { continue }
            let drawn = PrefixHash.mix(key, view.seed(backend))
            if best == nil || drawn > highest {
                highest = drawn
                best = backend
            }
        }
        return best
    }

    /// What one more request would weigh on it.
    ///
    /// One with a tenth of the share that has nothing to do goes first each tenth time: where traffic is thin nobody
    /// has ten requests, and it would never get one.
    @inlinable
    static func cost(_ load: Int, _ share: Int, turn: Int) -> Int {
        if share == fullShare { return (load &+ 1) &<< 10 }
        if load == 0, turn % (fullShare / max(1, share)) == 0 { return 0 }
        return ((load &+ 1) &<< 20) / max(1, share)
    }
}

/// What the backends of a tier have to do together.
package struct TierSums: Sendable {
    /// Those that may be chosen.
    @usableFromInline package var count = 0
    @usableFromInline var load = 0
    @usableFromInline var shares = 0
    /// Sum of share times limit; counts only while all have a limit.
    @usableFromInline var capacity = 0
    @usableFromInline var isBounded = true

    @inlinable
    package init() {}

    @inlinable
    package mutating func add(load: Int, limit: Int, share: Int) {
        count &+= 1
        self.load &+= load
        shares &+= share
        if limit > Self.largestLimit { isBounded = false } else { capacity &+= limit &* share }
    }

    /// How many requests one may have: its part of 1.25 times all of them, rounded up.
    ///
    /// The parts go by limit where all have one: twice the slots are twice the engine.
    @inlinable
    package func bound(limit: Int, share: Int) -> Int {
        let (part, whole) = isBounded ? (limit &* share, capacity) : (share, shares)
        guard whole > 0 else { return Int.max }
        return (5 &* (load &+ 1) &* part &+ 4 &* whole &- 1) / (4 &* whole)
    }

    /// More is no limit that anybody reaches, and beyond it the arithmetic would not fit.
    @inlinable static var largestLimit: Int { 1 << 20 }
}
