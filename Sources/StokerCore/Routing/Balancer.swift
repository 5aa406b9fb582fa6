/// What a choice of backend is drawn from; the gateway's own counts, never an engine's stale gauge.
package protocol BackendView {
    /// Whether the backend may get a new request now.
    func isUsable(_ backend: Int) -> Bool
    /// Requests that it is working on.
    func inFlight(_ backend: Int) -> Int
}

/// Chooses a backend: the first tier that has a usable one, there the one with the fewest requests in flight.
package struct Balancer: Sendable {
    /// Where the search begins, one further each time: equals take turns.
    @usableFromInline package var turn: Int

    /// - Parameter turn: different for each event loop, so that they do not all begin with the same backend.
    package init(turn: Int = 0) { self.turn = turn }

    /// The backend to ask, nil when none that may be asked is usable.
    ///
    /// - Parameter tried: backends that this request has failed on; they are not chosen.
    @inlinable
    package mutating func choose(
        among tiers: [[Int]], avoiding tried: [Int] = [], in view: some BackendView
    ) -> Int? {
        for tier in tiers {
            if let backend = fewestInFlight(tier, avoiding: tried, in: view) { return backend }
        }
        return nil
    }

    @inlinable
    package mutating func fewestInFlight(_ tier: [Int], avoiding tried: [Int], in view: some BackendView) -> Int? {
        guard !tier.isEmpty else { return nil }
        turn = (turn &+ 1) & 0xFFFF_FFFF
        var best: Int?
        var fewest = Int.max
        var place = turn % tier.count
        for _ in tier {
            let backend = tier[place]
            place = place &+ 1 == tier.count ? 0 : place &+ 1
            guard view.isUsable(backend), tried.isEmpty || !tried.contains(backend) else { continue }
            let load = view.inFlight(backend)
            if load < fewest {
                fewest = load
                best = backend
            }
        }
        return best
    }
}
