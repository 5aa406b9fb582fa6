extension Verdict {
    /// Whether a run measured the server or its own generator. Pure: equal facts, equal verdict.
    ///
    /// Beyond its bar a figure makes the run SUSPECT, beyond five times the bar INVALID. A bar is never crossed by one
    /// or two requests: short runs have bad luck, and a verdict that cries wolf is turned off.
    package static func judge(_ tally: Tally, plan: PlanFacts, run: RunFacts) -> Verdict {
        let trial = Trial(tally: tally, plan: plan, run: run)
        let checks = [
            trial.sendLag, trial.offeredRate, trial.dropped, trial.processorTime, trial.loopTime, trial.loopLag,
            trial.throttling, trial.stamps, trial.descriptors, trial.ports, trial.reuse, trial.clock, trial.neighbour,
        ]
        return Verdict(reasons: checks.compactMap { $0 })
    }
}

/// The evidence, and one check for each way in which generators lie.
private struct Trial {
    /// Fewer than these are bad luck.
    static let fewest = 3

    var tally: Tally
    var plan: PlanFacts
    var run: RunFacts

    var sendLag: Verdict.Reason? {
        guard let lag = tail(of: tally.total.latencies[.sendLag]) else { return nil }
        let ttft = tally.total.latencies[.ttft].quantile(0.5) ?? 0
        let bar = max(5_000_000, ttft / 50)
        let fix =
            plan.inFlightCap == nil
            ? "give the generator more processors or a lower rate" : "raise the cap on requests in flight"
        return reason(
            "send-lag", Double(lag), bar: Double(bar),
            "1% of requests left \(Figure.time(lag)) late or more (bar \(Figure.time(bar))); \(fix)")
    }

    var offeredRate: Verdict.Reason? {
        guard plan.loop == .open, tally.total.scheduled > 0 else { return nil }
        let window = MeasuredWindow(tally, plan, run.ending)
        let load = OfferedLoad(tally, plan, window, run.ending)
        let missing = (1 - load.ratio) * Double(tally.total.scheduled)
        guard missing >= Double(Self.fewest) else { return nil }
        return reason(
            "offered-rate", 1 - load.ratio, bar: 0.01,
            "sent \(Figure.significant(load.achieved)) of \(Figure.significant(load.target)) requests a second that the "
                + "plan wanted (bar 99%): the server saw less load than the report says")
    }

    var dropped: Verdict.Reason? {
        let dropped = tally.total.count(.dropped)
        guard dropped > 0, tally.total.scheduled > 0 else { return nil }
        let share = Double(dropped) / Double(tally.total.scheduled)
        return Verdict.Reason(
            level: share > 0.05 ? .invalid : .suspect, check: "dropped",
            text: "\(Figure.count(dropped)) requests (\(Figure.percent(share))) were due while the cap on requests in "
                + "flight was reached, and were never sent; raise the cap")
    }

    var processorTime: Verdict.Reason? {
        let client = tally.client
        guard client.wall >= 1_000_000_000, client.processors > 0 else { return nil }
        let share = Double(client.cpu) / Double(client.wall) / client.processors
        return saturation(
            "cpu", share,
            "the generator used \(Figure.percent(share)) of its \(Figure.short(client.processors)) "
                + "processors (bar 80%); give it more, or a part of the load to another one")
    }

    var loopTime: Verdict.Reason? {
        guard tally.client.wall >= 1_000_000_000 else { return nil }
        let share = tally.client.busiestLoop
        return saturation(
            "loop-cpu", share, "one event loop was busy \(Figure.percent(share)) of the time (bar 80%); use more loops")
    }

    var loopLag: Verdict.Reason? {
        guard let lag = tail(of: tally.client.loopLag) else { return nil }
        return reason(
            "loop-lag", Double(lag), bar: 2e6,
            "1% of the loop's rounds came \(Figure.time(lag)) late or more (bar 2 ms): stamps are as late; something else "
                + "uses this machine's processors")
    }

    var throttling: Verdict.Reason? {
        let client = tally.client
        guard client.throttled > 0, client.wall > 0 else { return nil }
        let share = Double(client.throttled) / Double(client.wall)
        return reason(
            "throttled", share, bar: 0.01,
            "the kernel held the generator back for \(Figure.time(client.throttled)) (\(Figure.percent(share))) because its "
                + "cgroup had used up its quota; raise cpu.max")
    }

    var stamps: Verdict.Reason? {
        let errors = tally.client.measurementErrors
        guard errors > 0 else { return nil }
        return Verdict.Reason(
            level: .invalid, check: "stamps",
            text:
                "\(Figure.count(errors)) requests have stamps in an impossible order: a bug of this generator; report it"
        )
    }

    var descriptors: Verdict.Reason? {
        let client = tally.client
        guard client.descriptorLimit > 0, client.mostInFlight + 64 > client.descriptorLimit else { return nil }
        return Verdict.Reason(
            level: .suspect, check: "descriptors",
            text: "\(Figure.count(client.mostInFlight)) requests in flight, and only "
                + "\(Figure.count(client.descriptorLimit)) descriptors allowed; raise ulimit -n")
    }

    var ports: Verdict.Reason? {
        guard !plan.keepsAlive, let ports = run.machine.ephemeralPorts, tally.client.wall > 0 else { return nil }
        // A closed connection keeps its port for a minute (TIME_WAIT).
        let minute = max(60, Double(tally.client.wall) / 1e9)
        let held = Double(tally.client.connections) * 60 / minute
        guard held > 0.8 * Double(ports) else { return nil }
        return Verdict.Reason(
            level: .suspect, check: "ports",
            text:
                "\(Figure.fixed(held, 0)) connections a minute to one address, and \(Figure.count(ports)) ports for them; "
                + "use connections again, or widen net.ipv4.ip_local_port_range")
    }

    var reuse: Verdict.Reason? {
        let closed = tally.total.count(.closedEarly)
        guard plan.keepsAlive, closed >= Self.fewest, Double(closed) > 0.01 * Double(tally.total.sent) else {
            return nil
        }
        return Verdict.Reason(
            level: .suspect, check: "reuse",
            text:
                "the server closed \(Figure.count(closed)) connections before it answered: if it closes idle ones early, "
                + "these are no failures of its own; compare with a run that uses no connection again")
    }

    var clock: Verdict.Reason? {
        guard let source = run.machine.clockSource, ["acpi_pm", "hpet", "jiffies", "pit"].contains(source) else {
            return nil
        }
        return Verdict.Reason(
            level: .suspect, check: "clock",
            text: "the kernel reads the time from \(source), which is slow and coarse; boot with clocksource=tsc")
    }

    var neighbour: Verdict.Reason? {
        guard run.isCoLocated else { return nil }
        return Verdict.Reason(
            level: .valid, check: "co-located",
            text: "the server is on this machine: it and the generator take processors from each other")
    }

    /// The value that 1 % of all exceed or equal, and three at least: fewer are bad luck.
    private func tail(of histogram: LatencyHistogram) -> Nanoseconds? {
        let beyond = max(Self.fewest, Int((Double(histogram.count) * 0.01).rounded(.up)))
        return histogram.value(atRank: histogram.count - beyond + 1)
    }

    private func reason(_ check: String, _ value: Double, bar: Double, _ text: String) -> Verdict.Reason? {
        guard value > bar else { return nil }
        return Verdict.Reason(level: value > 5 * bar ? .invalid : .suspect, check: check, text: text)
    }

    private func saturation(_ check: String, _ share: Double, _ text: String) -> Verdict.Reason? {
        guard share > 0.8 else { return nil }
        return Verdict.Reason(level: share > 0.95 ? .invalid : .suspect, check: check, text: text)
    }
}
