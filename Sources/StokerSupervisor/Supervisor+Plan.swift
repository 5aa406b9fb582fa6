package import StokerCore

/// What plan and person want, and what follows from the progress of others.
extension Supervisor {
    /// Makes this the set of processes: the first plan, and each reload.
    ///
    /// What is new starts, what is missing is stopped and forgotten, what would start differently restarts, and the
    /// rest takes its new settings without noticing. Ignored once a shutdown has begun.
    package func apply(_ plans: [ProcessPlan]) {
        guard !isShuttingDown else { return }
        let kept = Set(plans.map(\.name))
        let leaving = names.filter { !kept.contains($0) }
        for name in leaving { retire(name) }
        names = plans.map(\.name) + leaving
        startSequence = StartSequence(plans + leaving.compactMap { entries[$0]?.machine.plan })
        // All are there before the first starts, else nobody would know whom to wait for.
        let added = plans.filter { entries[$0.name] == nil }
        for plan in added { add(plan) }
        // The living first: what they are about to do (restart, for one) decides whether the others must wait for them.
        for plan in plans where entries[plan.name]?.machine.state.run != nil { revise(plan) }
        for plan in plans where entries[plan.name]?.machine.state.run == nil { revise(plan) }
        for plan in added { tell(plan.name, .begin) }
        isUnsettled = true
        settle()
        nudge()
    }

    /// Carries out what a person wants; returns once the order is taken.
    package func order(_ order: ProcessOrder, process name: String) throws(ControlError) {
        guard !isShuttingDown else {
            throw ControlError(code: .shuttingDown, message: "the control plane is shutting down")
        }
        guard let entry = entries[name], !entry.isRetired else {
            let known = names.filter { entries[$0]?.isRetired == false }.joined(separator: ", ")
            throw ControlError(
                code: .unknownProcess, message: "there is no process \(name)", hint: "the processes are: \(known)")
        }
        if order.isAboutRequests { return try drain(order, entry.machine) }
        guard entry.machine.plan.isManaged else {
            throw ControlError(
                code: .notManaged, message: "\(name) is only watched (it has a url and no command)",
                hint: "\(order.rawValue) it where it runs")
        }
        carryOut(order, name)
    }

    private func carryOut(_ order: ProcessOrder, _ name: String) {
        tell(name, .order(order))
        settle()
        nudge()
    }

    private func drain(_ order: ProcessOrder, _ machine: ProcessMachine) throws(ControlError) {
        let (plan, state) = (machine.plan, machine.report.state)
        guard plan.servesClients else {
            let isGateway = plan.kind == .gateway
            throw ControlError(
                code: .notDrainable, message: "\(plan.name) gets no requests from the gateway, so it is not drained",
                hint: isGateway ? "stoker restart gateway" : "stoker stop \(plan.name)")
        }
        guard order == .undrain || [.starting, .ready, .unready, .draining].contains(state) else {
            throw ControlError(
                code: .notDrainable, message: "\(plan.name) does not run: it is \(state.rawValue)",
                hint: "stoker status")
        }
        carryOut(order, plan.name)
    }

    /// Tells those that wait for it what is in flight at them.
    ///
    /// - Parameter count: of the process of that name, which can get nothing new; nil when that is not certain.
    /// - Returns: whether somebody waits still.
    package func note(inFlight count: (String) -> Int?) -> Bool {
        for name in names where entries[name]?.machine.awaitsTraffic == true {
            if let count = count(name) { tell(name, .inFlight(count)) }
        }
        settle()
        nudge()
        return names.contains { entries[$0]?.machine.awaitsTraffic == true }
    }

    /// Those that have left the plan and finish what they had begun are to end now.
    package func endLeavers() {
        for name in names where entries[name]?.isRetired == true { tell(name, .retire(Self.farewell)) }
        settle()
        nudge()
    }

    /// Draws the consequences of what has changed, until nothing changes any more.
    func settle() {
        guard isUnsettled else { return }
        while isUnsettled {
            isUnsettled = false
            let progress = progress
            for name in names { updateBlockers(of: name, progress) }
            for name in names { updateHolders(of: name) }
            if isShuttingDown { continueShutdown() }
            for name in names where entries[name]?.isRetired == true { forgetIfAtRest(name) }
        }
        if broadcast.hasListeners { broadcast.send(currentStatuses) }
    }

    /// From now on nothing is started, and what lives ends in reverse start order.
    func beginShutdown() {
        guard !isShuttingDown else { return }
        isShuttingDown = true
        isUnsettled = true
        for name in names { tell(name, .lastRun(Self.farewell)) }
    }

    private func continueShutdown() {
        let alive = Set(names.filter { entries[$0]?.machine.isAtRest == false })
        for name in startSequence.mayEnd(alive: alive) where entries[name]?.isEnding == false {
            entries[name]?.isEnding = true
            tell(name, .retire(Self.farewell))
        }
    }

    private func add(_ plan: ProcessPlan) {
        let machine = ProcessMachine(plan, lastGeneration: largestForgottenGeneration, seed: seeds.next())
        let metrics = metrics?.process(plan)
        let entry = Entry(machine, metrics: metrics, at: wallClock())
        entries[plan.name] = entry
        metrics?.note(entry.report, since: entry.since)
    }

    private func revise(_ plan: ProcessPlan) {
        let wasRetired = entries[plan.name]?.isRetired == true
        entries[plan.name]?.isRetired = false
        tell(plan.name, .revised(plan, blockedBy: startSequence.blockers(of: plan, progress: progress)))
        entries[plan.name]?.metrics?.note(plan)
        if wasRetired { tell(plan.name, .begin) }
    }

    private func retire(_ name: String) {
        guard entries[name]?.isRetired == false else { return }
        entries[name]?.isRetired = true
        let isGateway = entries[name]?.machine.plan.kind == .gateway
        tell(name, .leave(isGateway ? "another gateway has taken over" : "it has left the plan"))
    }

    private func forgetIfAtRest(_ name: String) {
        guard let machine = entries[name]?.machine, machine.isAtRest else { return }
        if machine.generation > 0 { host.forget(name) }
        largestForgottenGeneration = max(largestForgottenGeneration, machine.generation)
        timers.removeAll(of: name)
        entries[name] = nil
        names.removeAll { $0 == name }
        metrics?.forget(name)
        isUnsettled = true
    }

    private func updateBlockers(of name: String, _ progress: [String: StartSequence.Progress]) {
        guard let machine = entries[name]?.machine, !machine.plan.startAfter.isEmpty, machine.plan.exclusive == nil
        else { return }
        tell(name, .blocked(by: startSequence.blockers(of: machine.plan, progress: progress)))
    }

    /// By what holds now: of two that wait for one resource, the first takes it, and the second must see that.
    private func updateHolders(of name: String) {
        guard let machine = entries[name]?.machine, machine.plan.exclusive != nil else { return }
        tell(name, .blocked(by: startSequence.blockers(of: machine.plan, progress: progress)))
    }

    /// How far each process has come.
    private var progress: [String: StartSequence.Progress] { entries.mapValues(\.machine.progress) }

    private static var farewell: String { "the control plane ends" }
}
