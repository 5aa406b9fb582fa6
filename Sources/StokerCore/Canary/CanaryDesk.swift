/// The canaries of all models: joins the plan, the gateway's reports and people's orders, and leaves each decision to
/// the model's machine.
package struct CanaryDesk: Sendable {
    /// Something to do, and for which model.
    package struct Effect: Sendable, Equatable {
        package var model: String
        package var effect: CanaryMachine.Effect
    }

    package private(set) var machines: [String: CanaryMachine] = [:]
    /// What the plan in force offers.
    private var offered: [String: [String]] = [:]

    /// - Parameter records: what an earlier control plane has left.
    package init(_ plans: [ModelPlan], records: [CanaryRecord] = []) {
        for record in records { machines[record.model] = CanaryMachine(record) }
        offered = Self.offers(plans)
        for model in offered.keys where machines[model] == nil { machines[model] = CanaryMachine(model: model) }
    }

    /// Who gets what, by model; a model that is not in here has no canary now.
    package var splits: [String: CanarySplit] { machines.compactMapValues(\.split) }

    /// Whether a canary runs, so that looking is worth it.
    package var isActive: Bool {
        machines.values.contains { if case .running = $0.phase { true } else { false } }
    }

    package func statuses() -> [CanaryStatus] {
        machines.values.sorted { $0.model < $1.model }.map { CanaryStatus($0, offered: offered[$0.model] ?? []) }
    }

    /// A plan has come into force.
    package mutating func plan(_ plans: [ModelPlan], at moment: CanaryMachine.Moment) -> [Effect] {
        offered = Self.offers(plans)
        for model in offered.keys where machines[model] == nil { machines[model] = CanaryMachine(model: model) }
        let effects = machines.keys.sorted().flatMap { tell($0, .planned(offered[$0] ?? []), at: moment) }
        // Whoever has never run and is offered no more is forgotten.
        machines = machines.filter { offered[$0.key] != nil || $0.value.phase != .none }
        return effects
    }

    /// Once a second: what the gateway says, and who of the backends could take a request.
    package mutating func look(
        _ counts: [CanaryCounts], usable: Set<String>, at moment: CanaryMachine.Moment
    ) -> [Effect] {
        var effects = counts.flatMap { tell($0.model, .counts($0), at: moment) }
        for (model, machine) in machines.sorted(by: { $0.key < $1.key }) {
            guard case .running(let run) = machine.phase else { continue }
            let isServing = run.order.backends.contains(where: usable.contains)
            effects += tell(model, .tick(isServing: isServing), at: moment)
        }
        return effects
    }

    /// Takes an order for a model, or refuses it.
    package mutating func obey(
        _ order: CanaryMachine.Order, model: String, usable: Set<String>, at moment: CanaryMachine.Moment
    ) throws(ControlError) -> [Effect] {
        guard var machine = machines[model] else { throw noCanary(model) }
        var order = order
        if case .start(let wish, let salt) = order {
            order = .start(try complete(wish, model: model, usable: usable), salt: salt)
        }
        let effects = try machine.obey(order, at: moment)
        machines[model] = machine
        return effects.map { Effect(model: model, effect: $0) }
    }

    private mutating func tell(
        _ model: String, _ event: CanaryMachine.Event, at moment: CanaryMachine.Moment
    ) -> [Effect] {
        let effects = machines[model]?.handle(event, at: moment) ?? []
        return effects.map { Effect(model: model, effect: $0) }
    }

    private func complete(
        _ wish: CanaryOrder, model: String, usable: Set<String>
    ) throws(ControlError) -> CanaryOrder {
        guard let offer = offered[model] else { throw noCanary(model) }
        var order = wish
        if order.backends.isEmpty { order.backends = offer }
        if let stranger = order.backends.first(where: { !offer.contains($0) }) {
            throw ControlError(
                code: .badRequest, message: "\(SafeText.escaped(stranger.prefix(60))) is no canary of \(model)",
                hint: "--backend \(offer.first ?? "NAME")")
        }
        guard order.backends.contains(where: usable.contains) else {
            throw ControlError(
                code: .conflict, message: "the canary \(order.backends.joined(separator: ", ")) does not serve now",
                hint: "stoker status")
        }
        return order
    }

    private func noCanary(_ model: String) -> ControlError {
        let known = offered.keys.sorted().joined(separator: ", ")
        return ControlError(
            code: .unknownModel, message: "\(SafeText.escaped(model.prefix(130))) has no canary in the config",
            hint: known.isEmpty ? "models: { NAME: { canary: [engine-b] } }, then stoker reload" : "one of: \(known)")
    }

    private static func offers(_ plans: [ModelPlan]) -> [String: [String]] {
        Dictionary(
            plans.filter { !$0.canary.isEmpty }.map { ($0.name, $0.canary) }, uniquingKeysWith: { first, _ in first })
    }
}
