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
    package static func gateway(of plan: Plan, program: String) -> ProcessPlan {
        let listen = plan.gateway.listen
        let reachable = ["0.0.0.0", "::"].contains(listen.host) ? "127.0.0.1" : listen.host
        let address = BackendAddress(host: reachable, port: listen.port)
        let answers = ProbePlan(target: .http(url: "\(address.url)/health"), interval: .seconds(2), failureThreshold: 3)
        // Asked less often: a gateway that dies is seen by its shim at once, this is for one that hangs.
        var lives = answers
        lives.interval = .seconds(5)
        return ProcessPlan(
            name: gatewayName, kind: .gateway, command: [program, "gateway", "--socket", plan.gatewaySocket],
            endpoint: address, environment: ["LISTEN_FDS": "1", "LISTEN_FDNAMES": "gateway"],
            restart: RestartPolicy(maxDelay: .seconds(5), giveUpStarts: .max),
            stop: StopPolicy(grace: .seconds(35)),
            probes: ProbePlans(startup: answers, liveness: lives, readiness: answers, startTimeout: .seconds(15)),
            limits: ResourceLimits(oomScoreAdjust: nil))
    }
}
