package import StokerCore

/// Shows a plan with every default filled in, in the words of the config file; secrets as `***`.
package enum PlanOutline {
    /// The plan as a tree for `--print`, as YAML or as JSON.
    package static func tree(of plan: Plan) -> OrderedJSON {
        .object(of: [
            "state_dir": .string(plan.stateDirectory),
            "runtime_dir": .string(plan.runtimeDirectory),
            "gateway": gateway(plan.gateway),
            "admin": .object(of: ["listen": .string(plan.adminListen?.text ?? "off")]),
            "events": .object(of: [
                "max_age": text(plan.events.maxAge), "max_size": text(plan.events.maxSize),
            ]),
            "drills": .object(of: [
                "rto": text(plan.drills.rto), "max_failed": .integer(plan.drills.maxFailed),
                "every": text(plan.drills.every), "min_healthy": .integer(plan.drills.minHealthy),
            ]),
            "processes": .object(plan.processes.map { .init(key: $0.name, value: process($0)) }),
            "models": .object(plan.models.map { .init(key: $0.name, value: model($0)) }),
        ])
    }

    private static func text(_ duration: Duration) -> OrderedJSON { .string(duration.text) }
    private static func text(_ size: ByteSize) -> OrderedJSON { .string(size.text) }
    private static func texts(_ items: [String]) -> OrderedJSON { .array(items.map { .string(escaped($0)) }) }

    /// What was replaced once must not look like a placeholder when it is read again.
    private static func escaped(_ text: String) -> String { text.replacing("${", with: "$${") }

    private static func gateway(_ plan: GatewayPlan) -> OrderedJSON {
        .object(of: [
            "listen": .string(plan.listen.text), "max_body": text(plan.maxBody), "max_head": text(plan.maxHead),
            "head_timeout": text(plan.headTimeout), "write_timeout": text(plan.writeTimeout),
            "max_connections": .integer(plan.maxConnections), "threads": .integer(plan.threads),
            "keep_alive_comments": text(plan.keepAliveComments),
            "recent_requests": .integer(plan.recentRequests),
            "drain": text(plan.drain),
            "tls": plan.tls.map { .object(of: ["certificate": .string($0.certificate), "key": .string($0.key)]) },
        ])
    }

    private static func process(_ plan: ProcessPlan) -> OrderedJSON {
        guard plan.isManaged else {
            return .object(of: [
                "kind": .string(plan.kind.rawValue), "engine": plan.engine.map { .string($0.rawValue) },
                "url": plan.endpoint.map { .string($0.url) },
                "standby": plan.standby.map { .string($0.rawValue) }, "site": plan.site.map { .string($0) },
                "probes": probes(plan.probes), "slots": plan.slots.map { .integer($0) },
            ])
        }
        return .object(of: [
            "kind": .string(plan.kind.rawValue), "engine": plan.engine.map { .string($0.rawValue) },
            "command": plan.command.map(texts), "added_arguments": .array([]),
            "port": plan.endpoint.map { .integer(Int($0.port)) }, "env": environment(plan.environment),
            "directory": plan.directory.map { .string($0) }, "autostart": .bool(plan.autostart),
            "standby": plan.standby.map { .string($0.rawValue) }, "exclusive": plan.exclusive.map { .string($0) },
            "restart": restart(plan.restart),
            "stop": .object(of: ["grace": text(plan.stop.grace), "drain": text(plan.stop.drain)]),
            "start_after": startAfter(plan.startAfter), "probes": probes(plan.probes),
            "slots": plan.slots.map { .integer($0) },
            "log": .object(of: ["max_size": text(plan.log.maxSize)]), "limits": limits(plan.limits),
        ])
    }

    private static func environment(_ variables: [String: Secret]) -> OrderedJSON {
        .object(
            variables.sorted { $0.key < $1.key }.map {
                .init(key: $0.key, value: .string(escaped($0.value.description)))
            })
    }

    private static func startAfter(_ conditions: [String: StartCondition]) -> OrderedJSON {
        .object(conditions.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .string($0.value.rawValue)) })
    }

    private static func restart(_ plan: RestartPolicy) -> OrderedJSON {
        .object(of: [
            "backoff": .object(of: ["initial": text(plan.initialDelay), "max": text(plan.maxDelay)]),
            "give_up": .object(of: ["starts": .integer(plan.giveUpStarts), "within": text(plan.giveUpWithin)]),
            "stable_after": text(plan.stableAfter),
        ])
    }

    private static func limits(_ plan: ResourceLimits) -> OrderedJSON {
        .object(of: [
            "open_files": plan.openFiles.map { .integer(Int(clamping: $0)) },
            "core": plan.coreBytes.map { text(ByteSize(bytes: Int64(clamping: $0))) },
            "address_space": plan.addressSpaceBytes.map { text(ByteSize(bytes: Int64(clamping: $0))) },
            "oom_score_adjust": plan.oomScoreAdjust.map { .integer($0) },
        ])
    }

    private static func probes(_ plans: ProbePlans) -> OrderedJSON {
        .object(of: [
            "startup": probe(plans.startup), "liveness": probe(plans.liveness), "readiness": probe(plans.readiness),
            "start_timeout": text(plans.startTimeout),
        ])
    }

    private static func probe(_ plan: ProbePlan?) -> OrderedJSON {
        guard let plan else { return .string("off") }
        var target: (http: OrderedJSON?, tcp: OrderedJSON?, exec: OrderedJSON?)
        switch plan.target {
        case .http(let url): target.http = .string(url)
        case .tcp(let host, let port): target.tcp = .string(Endpoint(host: host, port: port).text)
        // None that a config can name.
        case .socket: break
        case .exec(let command): target.exec = texts(command)
        }
        return .object(of: [
            "http": target.http, "tcp": target.tcp, "exec": target.exec, "interval": text(plan.interval),
            "timeout": text(plan.timeout), "successes": .integer(plan.successThreshold),
            "failures": .integer(plan.failureThreshold),
        ])
    }

    private static func model(_ plan: ModelPlan) -> OrderedJSON {
        .object(of: [
            "backends": texts(plan.backends), "standby": texts(plan.standby), "canary": texts(plan.canary),
            "served_as": plan.servedAs.map { .string($0) },
            "deadlines": .object(of: [
                "connect": text(plan.deadlines.connect), "first_token": text(plan.deadlines.firstToken),
                "stall": text(plan.deadlines.stall), "answer": text(plan.deadlines.answer),
            ]),
            "seams": .integer(plan.seams), "affinity": .string(plan.affinity.rawValue),
            "queue": .object(of: ["size": .integer(plan.queue.size), "wait": text(plan.queue.wait)]),
            "failback": text(plan.failback),
        ])
    }
}
