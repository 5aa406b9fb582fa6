internal import StokerCore

/// What one loop asks, session after session: equal plans and lanes give equal bytes.
///
/// Runs on the event loop, between two reads: everything that can be written once is, and the rest is copied.
package struct SessionSource: Sendable {
    private let dataset: Dataset
    private let template: BodyTemplate
    private let makes: Makes
    private let lane: Lane
    private let seed: UInt64
    private let pool: WordPool
    /// Sessions given so far, those for the warm-up too.
    private var given = 0
    /// In which order a data set's conversations are taken; empty: as they stand.
    private var order: [UInt32] = []
    private var generator: SeededGenerator
    private var warmUpGenerator: SeededGenerator

    /// The parts of the plan that each session needs.
    private struct Makes {
        var bustsCache: Bool
        var outputTokens: LengthDistribution?
    }

    /// - Throws: when the plan cannot be written into a body.
    package init(
        _ workload: WorkloadPlan, target: LoadTarget, seed: UInt64, shard: Shard = Shard(), loop: Int = 0,
        loops: Int = 1
    ) throws(LoadError) {
        dataset = workload.dataset
        template = try BodyTemplate(workload, target)
        makes = Makes(bustsCache: workload.bustsCache, outputTokens: workload.outputTokens)
        lane = Lane(shard: shard, loop: loop, loops: loops)
        self.seed = seed
        pool = WordPool(seed: seed)
        generator = SeededGenerator(seed: seed, .prompts, lane.first, lane.stride)
        warmUpGenerator = SeededGenerator(seed: seed, .warmUpPrompts, lane.first, lane.stride)
        switch workload.dataset {
        case .fixed: break
        case _ where target.endpoint == .http:
            throw LoadError("a plain HTTP target is sent a fixed body and no prompts")
        case .conversations(let conversations):
            guard !conversations.isEmpty else { throw LoadError("the data set has no conversation") }
            var shuffler = SeededGenerator(seed: seed, .order)
            order = (0..<UInt32(clamping: conversations.count)).shuffled(using: &shuffler)
        case .trace(let conversations):
            guard !conversations.isEmpty else { throw LoadError("the trace has no request") }
        case .synthetic: break
        }
    }

    /// This loop's next session. With a trace, and only there, it belongs to the loop's next arrival: whoever skips an
    /// arrival skips its session.
    ///
    /// - Parameter isWarmUp: draws from a sequence of its own, so that the engine has not seen what is measured later.
    package mutating func next(isWarmUp: Bool = false) -> Session {
        let number = lane.number(given)
        given += 1
        // A whole number of words, different for each session of a run and, as far as seeds are, of all runs: both
        // steps of the mixing are one-to-one.
        var mixer = SeededGenerator(seed: seed)
        var nonce = SeededGenerator(seed: UInt64(bitPattern: Int64(number)) ^ mixer.next())
        var composer = Composer(
            pool: pool, template: template, seed: seed, nonce: makes.bustsCache ? nonce.next() : nil,
            outputTokens: makes.outputTokens, generator: isWarmUp ? warmUpGenerator : generator)
        let session = session(number, &composer)
        if isWarmUp { warmUpGenerator = composer.generator } else { generator = composer.generator }
        return session
    }

    private func session(_ number: Int, _ composer: inout Composer) -> Session {
        switch dataset {
        case .fixed(let body): Session(turns: [Turn(body: body)])
        case .synthetic(let prompts): composer.session(prompts)
        case .conversations(let all): composer.session(all[Int(order[number % order.count])])
        case .trace(let all): composer.session(all[number % all.count])
        }
    }
}
