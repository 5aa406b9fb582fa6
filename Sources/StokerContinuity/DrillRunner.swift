package import StokerCore
package import StokerStore

/// Does drills, one at a time: writes the record before the fault, makes it, waits for the way back, ends it in every
/// case, and judges what the clock of failover measured.
package actor DrillRunner<C: Clock> where C.Duration == Duration {
    /// How often it is looked whether the model is whole again.
    private static var interval: Duration { .milliseconds(100) }
    /// After the fault's end somebody must have noticed it, or nobody will.
    private static var notice: Duration { .seconds(20) }
    /// For the way back: more than the clock of failover itself waits.
    private static var patience: Duration { .seconds(910) }
    /// For what the caller's load saw.
    private static var loadPatience: Duration { .seconds(30) }

    private let hands: any DrillHands
    private let store: ContinuityStore
    private let recorder: FailoverRecorder
    private let place: DrillPlace
    private let clock: C
    private let now: @Sendable () -> Timestamp
    private let onEnd: @Sendable (DrillRecord) -> Void
    private let orders: AsyncStream<DrillPlan>
    private let post: AsyncStream<DrillPlan>.Continuation

    /// The present drill, or the last one.
    private var current: DrillState?
    private var isReserved = false
    private var isCancelled = false

    package init(
        hands: any DrillHands, store: ContinuityStore, recorder: FailoverRecorder, place: DrillPlace, clock: C,
        now: @escaping @Sendable () -> Timestamp, onEnd: @escaping @Sendable (DrillRecord) -> Void
    ) {
        self.hands = hands
        self.store = store
        self.recorder = recorder
        self.place = place
        self.clock = clock
        self.now = now
        self.onEnd = onEnd
        (orders, post) = AsyncStream.makeStream()
    }

    /// Does what is ordered, until cancelled; a drill that runs then is ended in order.
    package func run() async {
        for await plan in orders { await perform(plan) }
    }

    /// Answers whoever asks.
    package func answer(_ request: DrillRequest) async throws(ControlError) -> DrillAnswer {
        switch request {
        case .check(let order): return .plan(try check(order, await hands.surroundings()))
        case .begin(let order): return .state(try await begin(order))
        case .state(let id): return .state(try drill(id))
        case .load(let id, let load):
            let state = try drill(id)
            if state.phase != .done { current?.record.load = load }
            return .state(try drill(id))
        case .cancel(let id):
            if try drill(id).phase != .done { isCancelled = true }
            return .state(try drill(id))
        }
    }

    private func drill(_ id: Int64) throws(ControlError) -> DrillState {
        guard let current, current.record.id == id else {
            throw ControlError(
                code: .badRequest, message: "drill \(id) is not the last one", hint: "stoker drill report")
        }
        return current
    }

    private func check(
        _ order: DrillOrder, _ surroundings: DrillSurroundings
    ) throws(ControlError) -> DrillPlan {
        let running = current.flatMap { $0.phase == .done ? nil : $0.record.id }
        return try DrillGuard(
            table: surroundings.table, usable: surroundings.usable, processes: surroundings.processes,
            minHealthy: surroundings.policy.minHealthy, running: running
        ).check(order)
    }

    private func begin(_ order: DrillOrder) async throws(ControlError) -> DrillState {
        // Taken before the first await: of two at once the second is refused.
        guard !isReserved else { throw .drillRefused("another drill begins", hint: "wait for its end") }
        isReserved = true
        defer { isReserved = false }
        let surroundings = await hands.surroundings()
        let plan = try check(order, surroundings)
        var record = DrillRecord(
            order: order, startedAt: now(), host: place.host, version: place.version,
            configDigest: surroundings.configDigest, policy: surroundings.policy, plan: plan.lines)
        for target in plan.targets where target.pid != nil && order.kind == .hang {
            if let identity = await hands.identity(of: target.name) { record.stopped.append(identity) }
        }
        do {
            record.id = try await store.begin(record)
        } catch {
            throw .drillRefused("it cannot be recorded: \(error)", hint: "a drill without a record is none")
        }
        let state = DrillState(phase: .running, record: record)
        current = state
        isCancelled = false
        post.yield(plan)
        return state
    }

    // MARK: One drill

    private func perform(_ plan: DrillPlan) async {
        guard let id = current?.record.id else { return }
        let start = clock.now
        await strike(plan, id)
        await wait(until: start.advanced(by: plan.faultLength)) { self.isCancelled }
        await release(plan)
        let released = clock.now
        await wait(until: released.advanced(by: Self.patience)) {
            let (open, done) = self.recorder.failovers(ofDrill: id)
            if open > 0 { return false }
            return self.isCancelled || done.count >= plan.models.count
                || self.clock.now >= released.advanced(by: Self.notice)
        }
        current?.record.failovers = recorder.failovers(ofDrill: id).done
        current?.phase = .measured
        if plan.order.users > 0 {
            await wait(until: clock.now.advanced(by: Self.loadPatience)) {
                self.current?.record.load != nil || self.isCancelled
            }
        }
        await finish()
    }

    private func strike(_ plan: DrillPlan, _ id: Int64) async {
        for target in plan.targets {
            guard target.pid != nil, plan.order.kind != .drain,
                let identity = await hands.identity(of: target.name)
            else { continue }
            // Announced first: what the supervisor says a millisecond later must find its cause.
            recorder.observe(.fault(target.name, drill: id))
            _ = hands.send(plan.order.kind == .hang ? .stop : .kill, to: identity)
        }
        guard !plan.held.isEmpty else { return }
        for name in plan.held { recorder.observe(.fault(name, drill: id)) }
        await hands.hold(plan.held)
    }

    private func release(_ plan: DrillPlan) async {
        for identity in current?.record.stopped ?? [] { _ = hands.send(.proceed, to: identity) }
        if !plan.held.isEmpty { await hands.hold([]) }
    }

    /// Ends early when the control plane does: what follows must be done all the same.
    private func wait(until deadline: C.Instant, or isOver: () -> Bool) async {
        while clock.now < deadline, !isOver(), !Task.isCancelled {
            try? await clock.sleep(for: min(Self.interval, clock.now.duration(to: deadline)))
        }
    }

    private func finish() async {
        guard var record = current?.record else { return }
        record.endedAt = now()
        record.judge()
        if isCancelled { (record.verdict, record.reasons) = (.cancelled, ["ended early by order"]) }
        if Task.isCancelled { (record.verdict, record.reasons) = (.interrupted, ["the control plane was stopped"]) }
        do {
            try await store.end(record)
        } catch {
            record.reasons.append("its record cannot be completed: \(error)")
            record.verdict = .fail
        }
        current = DrillState(phase: .done, record: record)
        onEnd(record)
    }
}

extension DrillPlan {
    /// Those that leave the routing table.
    var held: Set<String> {
        switch order.kind {
        case .kill, .hang: []
        case .drain: Set(targets.map(\.name))
        case .site: Set(targets.filter { $0.pid == nil }.map(\.name))
        }
    }

    /// How long the fault is kept up; a death needs no keeping.
    var faultLength: Duration {
        switch order.kind {
        case .kill: .zero
        case .hang, .drain: order.lasts
        case .site: held.isEmpty ? .zero : order.lasts
        }
    }
}
