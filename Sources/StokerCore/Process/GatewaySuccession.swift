/// Which gateways there are to be: the one that serves and, while it is replaced, the next one beside it.
///
/// Each is a process like any other, with a `ProcessMachine` of its own. This value only says who of them is wanted:
/// the next is started first, and the one that serves leaves when the next has said that it serves. Who leaves is
/// simply in the plan no longer, and drained as all that leave it are. Should the next not come up, it goes, and
/// nothing has happened.
package struct GatewaySuccession: Sendable {
    /// All that a gateway is made from.
    package struct Recipe: Sendable, Equatable {
        package var plan: Plan
        /// Absolute path of the `stoker` binary.
        package var program: String
        package var environment: [String: String]

        package init(plan: Plan, program: String, environment: [String: String]) {
            self.plan = plan
            self.program = program
            self.environment = environment
        }

        /// Whether a gateway made from `old` cannot take this up while it runs.
        func isNews(to old: Recipe) -> Bool { process(seat: 1).needsRestart(after: old.process(seat: 1)) }

        func process(seat: Int, isBeside: Bool = false) -> ProcessPlan {
            .gateway(of: plan, program: program, environment: environment, seat: seat, isBeside: isBeside)
        }
    }

    /// What can happen.
    package enum Event: Sendable {
        /// The plan is this now.
        case revised(Recipe)
        /// A person wants another one.
        case replace
        /// The gateway is to end: whoever was to take over is not needed.
        case ending
        /// How all processes are now.
        case seen([ProcessStatus])
    }

    /// What is to be done.
    package enum Effect: Sendable, Equatable {
        /// `wanted` has changed.
        case apply
        case record(StokerCore.Event.Kind, StokerCore.Event.Severity, message: String, evidence: [String])
    }

    /// One that is being started.
    private struct Next: Sendable {
        var seat: Int
        var recipe: Recipe
        /// Whether its start is known: what is said of its seat before is about another.
        var isSeen = false
    }

    /// The seat of the one that serves.
    package private(set) var seat = 1
    /// Why the last attempt to replace it came to nothing; nil once there is another.
    package private(set) var failure: String?
    /// Tells two failures apart.
    private var attempts = 0
    private var recipe: Recipe
    private var next: Next?
    /// All processes by name, as last seen.
    private var statuses: [String: ProcessStatus] = [:]

    /// One gateway, by that recipe.
    package init(_ recipe: Recipe) { self.recipe = recipe }

    /// The name of the process that serves.
    package var name: String { ProcessPlan.gatewayName(seat: seat) }

    /// The gateways that are to be there, the one that serves first.
    package var wanted: [ProcessPlan] {
        [recipe.process(seat: seat)] + (next.map { [$0.recipe.process(seat: $0.seat, isBeside: true)] } ?? [])
    }

    /// Whether there is a seat for one more.
    package var hasRoom: Bool { freeSeat != nil }

    /// Takes up what has happened.
    package mutating func handle(_ event: Event) -> [Effect] {
        switch event {
        case .revised(let recipe): revise(recipe)
        case .replace: next == nil ? begin(recipe, "by order") : []
        case .ending: dismissNext()
        case .seen(let statuses): see(statuses)
        }
    }

    /// The name by which people know a process: whoever serves is `gateway`, whatever its seat.
    package func publicName(of process: String) -> String {
        if process == name { return ProcessPlan.gatewayName }
        return process == ProcessPlan.gatewayName ? "\(process)~1" : process
    }

    /// The process that people mean by a name.
    package func process(named publicName: String) -> String {
        if publicName == ProcessPlan.gatewayName { return name }
        return publicName == "\(ProcessPlan.gatewayName)~1" ? ProcessPlan.gatewayName : publicName
    }

    // MARK: Decisions

    private mutating func revise(_ recipe: Recipe) -> [Effect] {
        let isDown = [.stopped, .failed].contains(statuses[name]?.state)
        let isOutdated = recipe.isNews(to: self.recipe) && !isDown
        if !isOutdated { self.recipe = recipe }
        if let next, !recipe.isNews(to: next.recipe) {
            self.next?.recipe = recipe
            return [.apply]
        }
        // Whoever was on the way would be out of date when it came.
        return dismissNext() + (isOutdated ? begin(recipe, "its plan changed") : [.apply])
    }

    private mutating func begin(_ recipe: Recipe, _ why: String) -> [Effect] {
        guard let seat = freeSeat else {
            return [
                .record(
                    .gatewayKept, .error, message: "The gateway is not replaced: \(Self.crowded)",
                    evidence: statuses.keys.filter { ProcessPlan.publicName(of: $0) == ProcessPlan.gatewayName }
                        .sorted()
                )
            ]
        }
        next = Next(seat: seat, recipe: recipe)
        attempts += 1
        failure = nil
        let message = "Another gateway is started beside the one that serves: \(why)."
        return [.record(.gatewayReplacing, .info, message: message, evidence: [pid(of: name)]), .apply]
    }

    private mutating func dismissNext() -> [Effect] {
        guard next != nil else { return [] }
        next = nil
        return [.apply]
    }

    private mutating func see(_ statuses: [ProcessStatus]) -> [Effect] {
        self.statuses = Dictionary(statuses.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard var next, let status = self.statuses[ProcessPlan.gatewayName(seat: next.seat)] else { return [] }
        next.isSeen = next.isSeen || status.state == .starting
        self.next = next
        switch status.state {
        case .ready: return promote(next)
        case .failed, .stopped:
            guard next.isSeen else { return [] }
            let evidence = [status.reason, status.lastExit].compactMap(\.self)
            failure = "the new gateway (attempt \(attempts)) did not come up, this one serves on: \(status.reason)"
            return dismissNext() + [
                .record(
                    .gatewayKept, .error,
                    message: "The new gateway did not come up; the one that served serves on.", evidence: evidence)
            ]
        case .waiting, .starting, .unready, .draining, .stopping, .backoff: return []
        }
    }

    private mutating func promote(_ next: Next) -> [Effect] {
        let evidence = ["before: \(pid(of: name))", "now: \(pid(of: ProcessPlan.gatewayName(seat: next.seat)))"]
        (seat, recipe, self.next) = (next.seat, next.recipe, nil)
        let message = "The new gateway serves; the one before it takes nobody new and finishes what it had begun."
        return [.record(.gatewayReplaced, .info, message: message, evidence: evidence), .apply]
    }

    private var freeSeat: Int? {
        (1...ProcessPlan.mostGateways).first { candidate in
            candidate != seat && statuses[ProcessPlan.gatewayName(seat: candidate)] == nil
        }
    }

    private func pid(of name: String) -> String { statuses[name]?.pid.map { "pid \($0)" } ?? "no process" }

    /// Why there is no further one.
    package static var crowded: String {
        "\(ProcessPlan.mostGateways) of them live, most of which finish what they had begun"
    }
}
