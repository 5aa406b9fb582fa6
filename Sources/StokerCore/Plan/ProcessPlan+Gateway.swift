extension ProcessPlan {
    /// The name under which the gateway is supervised, shown and logged; no configured process may take it.
    package static let gatewayName = "gateway"

    /// Most gateways at once: the one that serves, the next, and those that finish what they had begun.
    package static let mostGateways = 16

    /// The name of the process on that seat. While one gateway replaces another there are two, so their names must
    /// differ; `~` is in no configured name.
    package static func gatewayName(seat: Int) -> String { seat == 1 ? gatewayName : "\(gatewayName)~\(seat)" }

    /// Bounds the length of socket paths.
    package static var longestGatewayName: String { gatewayName(seat: mostGateways) }

    /// The name that people know the process by: of every gateway, `gateway`.
    package static func publicName(of name: String) -> String { String(name.prefix { $0 != "~" }) }

    /// The data plane as a process like any other.
    ///
    /// It inherits the listening socket as descriptor 3 in systemd's way. It is never given up: without it nobody is
    /// served, so one more try a few seconds later is always better than none.
    ///
    /// - Parameters:
    ///   - plan: where it listens and where its private socket is.
    ///   - program: absolute path of the `stoker` binary.
    ///   - environment: the control plane's; only what names the roots of trust for `https` backends is handed on.
    ///   - seat: 1 to `mostGateways`; decides its name and its private socket.
    ///   - isBeside: Another one serves still. Then only its private socket tells anything of this one, and a start
    ///     that fails is not repeated: the other serves on.
    package static func gateway(
        of plan: Plan, program: String, environment: [String: String] = [:], seat: Int = 1, isBeside: Bool = false
    ) -> ProcessPlan {
        let socket = plan.gatewaySocket(seat: seat)
        let threads = plan.gateway.threads > 0 ? ["--threads", "\(plan.gateway.threads)"] : []
        let trust = environment.filter { ["SSL_CERT_FILE", "SSL_CERT_DIR"].contains($0.key) }
        let variables = ["LISTEN_FDS": "1", "LISTEN_FDNAMES": "gateway"].merging(trust) { ours, _ in ours }
        return ProcessPlan(
            name: gatewayName(seat: seat), kind: .gateway, command: [program, "gateway", "--socket", socket] + threads,
            endpoint: reachable(plan.gateway), environment: variables.mapValues { Secret($0, isSecret: false) },
            restart: RestartPolicy(maxDelay: .seconds(5), giveUpStarts: isBeside ? 1 : .max),
            stop: StopPolicy(grace: .seconds(35), drain: plan.gateway.drain),
            probes: isBeside ? privateProbes(socket) : publicProbes(plan.gateway),
            limits: ResourceLimits(oomScoreAdjust: nil))
    }

    private static func reachable(_ gateway: GatewayPlan) -> BackendAddress {
        let listen = gateway.listen
        return BackendAddress(
            host: ["0.0.0.0", "::"].contains(listen.host) ? "127.0.0.1" : listen.host, port: listen.port)
    }

    private static func publicProbes(_ gateway: GatewayPlan) -> ProbePlans {
        // Not in `endpoint`, of which a change is a new start: the gateway takes TLS up and leaves it while it runs.
        var asked = reachable(gateway)
        asked.tls = gateway.tls != nil
        let answers = ProbePlan(target: .http(url: "\(asked.url)/health"), interval: .seconds(2), failureThreshold: 3)
        // Asked less often: a gateway that dies is seen by its shim at once, this is for one that hangs.
        var lives = answers
        lives.interval = .seconds(5)
        return ProbePlans(startup: answers, liveness: lives, readiness: answers, startTimeout: .seconds(15))
    }

    /// The listening socket is answered by whichever gateway is quicker.
    private static func privateProbes(_ socket: String) -> ProbePlans {
        let ready = ProbePlan(target: .socket(path: socket, question: "/ready"), interval: .milliseconds(100))
        return ProbePlans(startup: ready, startTimeout: .seconds(15))
    }
}
