import StokerLoad

/// Puts a plan together from what was typed; the one place where flags, files and the target meet.
struct LoadPlanning {
    var target: LoadTargetOptions
    var work: LoadWorkOptions
    var time: LoadTimeOptions
    var objective: LoadObjectiveOptions
    var machine: LoadMachineOptions
    var maxConcurrency: String?
    var onCap: String?

    /// The plan around an arrival; everything that can be refused without asking anybody is refused first.
    ///
    /// - Parameter dataset: of a trace; nil: what the options name.
    func plan(_ arrival: Arrival, dataset: Dataset? = nil) async throws(LoadError) -> LoadPlan {
        var capacity = CapacityOrder()
        capacity.threads = machine.threads
        capacity.maxConcurrency = maxConcurrency
        capacity.onCap = onCap
        capacity.keepsAlive = !target.noKeepalive
        capacity.shard = machine.shard
        let means = try capacity.capacity(processors: MachineFacts.processors)
        let shard = try capacity.share()
        guard shard.count == 1 || work.seed != nil else {
            throw LoadError("--shard needs --seed, the same on every machine; try --seed 42 --shard \(shard.text)")
        }
        let stop = try time.stop.rule(stages: Self.ramps(of: arrival))
        let deadlines = try time.deadlines.deadlines()
        let wanted = try objective.order.objective()
        let seed = try work.chosenSeed()
        let place = try await target.target()
        var prompts = dataset
        if prompts == nil { prompts = try Self.dataset(work.order, for: place.endpoint) }
        let workload = try work.order.plan(prompts ?? .fixed([]))
        return LoadPlan(
            target: place, arrival: arrival, stop: ended(stop, arrival), workload: workload, deadlines: deadlines,
            capacity: means, objective: wanted, shard: shard, seed: seed)
    }

    /// A trace ends by itself; the usual half minute is for those who said nothing at all.
    private func ended(_ rule: StopRule, _ arrival: Arrival) -> StopRule {
        guard case .trace = arrival, time.duration == nil else { return rule }
        var rule = rule
        rule.duration = nil
        return rule
    }

    private static func ramps(of arrival: Arrival) -> Nanoseconds {
        switch arrival {
        case .users(let users): sum(users.stages)
        case .rate(let rate): sum(rate.stages)
        case .trace: 0
        }
    }

    /// Saturating: a stage may be as long as an `Int64` holds.
    private static func sum(_ stages: [Stage]) -> Nanoseconds {
        stages.reduce(0) { total, stage in
            let (sum, isTooMuch) = total.addingReportingOverflow(stage.duration)
            return isTooMuch ? .max / 2 : sum
        }
    }

    private static func dataset(
        _ order: WorkOrder, for endpoint: LoadTarget.Endpoint
    ) throws(LoadError) -> Dataset {
        switch try order.source(for: endpoint) {
        case .made(let dataset): dataset
        case .file(let kind, let path): try LoadFiles.conversations(kind, path: path)
        }
    }
}
