extension ProcessPlan {
    /// The name under which the gateway is supervised, shown and logged; no configured process may take it.
    package static let gatewayName = "gateway"

    /// The data plane as a process like any other.
    ///
    /// It inherits the listening socket as descriptor 3 in systemd's way. It is never given up: without it nobody is
    /// served, so one more try a few seconds later is always better than none.
    ///
    /// - Parameters:
    ///   - plan: where it listens and where its private socket is.
    ///   - program: absolute path of the `stoker` binary.
    ///   - environment: the control plane's; only what names the roots of trust for `https` backends is handed on.
    package static func gateway(of plan: Plan, program: String, environment: [String: String] = [:]) -> ProcessPlan {
        let listen = plan.gateway.listen
        let reachable = ["0.0.0.0", "::"].contains(listen.host) ? "127.0.0.1" : listen.host
        let address = BackendAddress(host: reachable, port: listen.port)
        // Not in `endpoint`, of which a change is a new start: the gateway takes TLS up and leaves it while it runs.
        let asked = BackendAddress(host: reachable, port: listen.port, tls: plan.gateway.tls != nil)
        let answers = ProbePlan(target: .http(url: "\(asked.url)/health"), interval: .seconds(2), failureThreshold: 3)
        // Asked less often: a gateway that dies is seen by its shim at once, this is for one that hangs.
        var lives = answers
        lives.interval = .seconds(5)
        let trust = environment.filter { ["SSL_CERT_FILE", "SSL_CERT_DIR"].contains($0.key) }
        let variables = ["LISTEN_FDS": "1", "LISTEN_FDNAMES": "gateway"].merging(trust) { ours, _ in ours }
        return ProcessPlan(
            name: gatewayName, kind: .gateway, command: [program, "gateway", "--socket", plan.gatewaySocket],
            endpoint: address, environment: variables.mapValues { Secret($0, isSecret: false) },
            restart: RestartPolicy(maxDelay: .seconds(5), giveUpStarts: .max),
            stop: StopPolicy(grace: .seconds(35)),
            probes: ProbePlans(startup: answers, liveness: lives, readiness: answers, startTimeout: .seconds(15)),
            limits: ResourceLimits(oomScoreAdjust: nil))
    }
}
