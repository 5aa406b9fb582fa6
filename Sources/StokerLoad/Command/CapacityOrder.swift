/// What a person said about what the generator may use.
package struct CapacityOrder: Sendable, Equatable {
    package var threads: String?
    package var maxConcurrency: String?
    package var onCap: String?
    package var keepsAlive = true
    package var shard: String?

    package init() {}

    /// Each loop is a thread; more than this are more than one machine has a use for.
    static let mostLoops = 256

    /// - Parameter processors: how many this process may use; half of them by default, for a target on this machine
    ///   needs some too.
    package func capacity(processors: Int) throws(LoadError) -> CapacityPlan {
        let loops =
            try threads.map { text throws(LoadError) in
                try Asked(text, flag: "--threads").count(in: 1...Self.mostLoops, try: "2")
            } ?? min(max(1, processors / 2), 8)
        let cap = try maxConcurrency.map { text throws(LoadError) in
            try Asked(text, flag: "--max-concurrency").count(in: 1...1_000_000, try: "500")
        }
        guard let onCap else { return CapacityPlan(loops: loops, inFlight: cap, keepsAlive: keepsAlive) }
        guard cap != nil else { throw LoadError("--on-cap needs a cap; try --max-concurrency 500 --on-cap \(onCap)") }
        let atCap = try Asked(onCap, flag: "--on-cap").word(of: CapacityPlan.AtCap.self)
        return CapacityPlan(loops: loops, inFlight: cap, atCap: atCap, keepsAlive: keepsAlive)
    }

    package func share() throws(LoadError) -> Shard {
        guard let shard else { return Shard() }
        return try Shard(text: shard, flag: "--shard")
    }
}
