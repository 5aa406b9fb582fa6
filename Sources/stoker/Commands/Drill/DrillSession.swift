import StokerCore
import StokerLoad

/// One drill from the first request of its load to its record.
struct DrillSession {
    private static let interval = Duration.milliseconds(200)

    let order: DrillOrder
    let plan: DrillPlan
    let client: ControlClient
    let isQuiet: Bool

    func run() async throws -> DrillRecord {
        guard order.users > 0, let model = plan.models.first?.name else {
            let id = try await begin()
            return try await wait(id) { $0.phase == .done }.record
        }
        let load = try await DrillUsers(model: model, users: order.users, status: try await client.status())
        async let tally = load.runner.run()
        // Behind it, so that it runs before the load is waited for, also when the drill is refused.
        defer { load.runner.stop() }
        try await load.begin()
        let id = try await begin()
        _ = try await wait(id) { $0.phase != .running }
        // A little longer, so that the load sees the model whole again.
        try await ContinuousClock().sleep(for: .seconds(1))
        load.runner.stop()
        try await client.tellLoad(load.figures(try await tally), drill: id)
        return try await wait(id) { $0.phase == .done }.record
    }

    private func begin() async throws -> Int64 {
        let id = try await client.beginDrill(order).record.id
        if !isQuiet { Refusal.note("drill", "drill \(id): \(plan.lines.joined(separator: "; "))") }
        return id
    }

    private func wait(_ id: Int64, until isThere: (DrillState) -> Bool) async throws -> DrillState {
        while true {
            let state = try await client.drill(id)
            if isThere(state) { return state }
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }
}
