import StokerCore

/// The processes of the simulation: one of each kind that differs in its ways, with short times.
enum SimulatedPlans {
    static let all: [ProcessPlan] = [
        process("knowledge", readiness: true),
        process("engine-a", readiness: true, liveness: true, after: ["knowledge": .ready]),
        process("engine-b", readiness: true, after: ["knowledge": .started]),
        process("worker", after: ["engine-a": .ready]),
        process("by-hand", autostart: false),
        attached("other-site"),
    ]

    static func process(
        _ name: String, readiness: Bool = false, liveness: Bool = false,
        after: [String: StartCondition] = [:], autostart: Bool = true
    ) -> ProcessPlan {
        var plan = ProcessPlan(name: name, kind: .inference, command: ["/opt/\(name)"])
        // What has a readiness probe gets requests.
        if readiness { plan.endpoint = BackendAddress(host: "127.0.0.1", port: 9001) }
        plan.startAfter = after
        plan.autostart = autostart
        plan.restart = RestartPolicy(
            initialDelay: .milliseconds(50), maxDelay: .seconds(10), stableAfter: .seconds(20), giveUpStarts: 8,
            giveUpWithin: .seconds(60))
        plan.stop = StopPolicy(grace: .seconds(5), drain: .seconds(8))
        plan.probes.startTimeout = .seconds(20)
        if readiness {
            plan.probes.startup = probe(name, "health")
            plan.probes.readiness = probe(name, "health")
        }
        if liveness { plan.probes.liveness = probe(name, "alive") }
        return plan
    }

    static func attached(_ name: String) -> ProcessPlan {
        var plan = ProcessPlan(name: name, kind: .inference)
        plan.probes.readiness = probe(name, "health")
        return plan
    }

    private static func probe(_ name: String, _ path: String) -> ProbePlan {
        ProbePlan(target: .http(url: "http://\(name)/\(path)"), interval: .seconds(10), timeout: .seconds(1))
    }
}
