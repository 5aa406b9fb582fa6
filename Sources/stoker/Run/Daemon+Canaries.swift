import StokerCore
import StokerStore

/// What the daemon does about canaries: it carries the gateway's counts to the desk, and what the desk decides into the
/// table, the events and the store.
extension Daemon {
    /// Between two looks at the gateway's counts.
    private static let look = Duration.seconds(1)

    /// Looks until cancelled.
    func watchCanaries<C: Clock>(clock: C) async where C.Duration == Duration {
        showCanaries()
        while !Task.isCancelled {
            try? await clock.sleep(for: Self.look)
            guard desk.isActive else { continue }
            let gateway = await link.latest
            await perform(desk.look(gateway?.canaries ?? [], usable: usable(gateway), at: moment))
        }
    }

    func canaries() async -> [CanaryStatus] { desk.statuses() }

    func canary(_ request: CanaryRequest) async throws(ControlError) -> CanaryStatus {
        guard !isStopping else { throw .shuttingDown }
        let gateway = await link.latest
        let order = request.order(salt: .random(in: 0 ... .max))
        let effects = try desk.obey(order, model: request.model, usable: usable(gateway), at: moment)
        await perform(effects)
        guard let status = desk.statuses().first(where: { $0.model == request.model }) else {
            throw ControlError(code: .unknownModel, message: "the model has left the config meanwhile")
        }
        return status
    }

    /// Takes a plan over; the caller publishes the table.
    func planCanaries(_ models: [ModelPlan]) async { await perform(desk.plan(models, at: moment), publishing: false) }

    private func perform(_ effects: [CanaryDesk.Effect], publishing: Bool = true) async {
        defer { showCanaries() }
        for effect in effects {
            switch effect.effect {
            case .route: break
            case .persist: store.keep(desk.machines[effect.model]?.record, of: effect.model)
            case .record(let kind, let severity, let message, let evidence):
                sink.record(
                    Event(
                        time: now(), severity: severity, kind: kind, subject: effect.model, message: message,
                        evidence: evidence))
            }
        }
        if publishing, effects.contains(where: { $0.effect == .route }) { await publish() }
    }

    private func showCanaries() { canaryMetrics.show(desk.statuses()) }

    /// Who could take a request now: by the gateway, and while that is silent, by the table.
    private func usable(_ gateway: GatewayStatus?) -> Set<String> {
        guard let gateway else { return Set(table.backends.filter(\.inRotation).map(\.name)) }
        return Set(gateway.backends.filter(\.usable).map(\.name))
    }

    private var moment: CanaryMachine.Moment { .init(elapsed: startedAtInstant.duration(to: .now), wall: now()) }
}
