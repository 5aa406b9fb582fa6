import StokerLoad
import Testing

@Suite struct VerdictTests {
    private func judge(
        _ tally: Tally, plan: LoadPlan = Samples.plan(), run: RunFacts = Samples.run()
    ) -> Verdict { Verdict.judge(tally, plan: PlanFacts(plan), run: run) }

    private func level(_ verdict: Verdict, _ check: String) -> Verdict.Level? {
        verdict.reasons.first { $0.check == check }?.level
    }

    /// A run in which the last `late` of `requests` were sent so late.
    private func lagging(_ late: Int, by lag: Nanoseconds, of requests: Int) -> Tally {
        var tally = Tally(partLength: Samples.second)
        for number in 0..<requests {
            let isLate = number < late
            Samples.add(
                Samples.answer(at: Int64(number) * Samples.second / 10, lag: isLate ? lag : 50_000), to: &tally)
        }
        Samples.fillClient(of: &tally)
        return tally
    }

    @Test func `a healthy run is valid`() {
        #expect(judge(Samples.tally()) == Verdict())
    }

    @Test(arguments: [1, 2, 3, 10, 30, 100, 661])
    func `a healthy run is valid however short`(requests: Int) {
        let plan = Samples.plan(duration: Int64(requests) * Samples.second / 10 + Samples.second)
        #expect(judge(Samples.tally(requests: requests), plan: plan).level == .valid)
    }

    @Test(arguments: [(1, 30), (2, 30), (2, 100), (5, 1000)])
    func `few late requests are bad luck`(late: Int, requests: Int) {
        let plan = Samples.plan(duration: Int64(requests) * Samples.second / 10)
        #expect(judge(lagging(late, by: 200 * Samples.ms, of: requests), plan: plan).level == .valid)
    }

    @Test(arguments: [
        (4 * Samples.ms, nil), (6 * Samples.ms, Verdict.Level.suspect), (24 * Samples.ms, .suspect),
        (26 * Samples.ms, .invalid),
    ])
    func `requests that leave late accuse the generator`(lag: Nanoseconds, expected: Verdict.Level?) {
        #expect(level(judge(lagging(20, by: lag, of: 1000)), "send-lag") == expected)
    }

    @Test func `what is late is measured against what it is added to`() {
        var tally = Tally(partLength: Samples.second)
        for number in 0..<100 {
            Samples.add(
                Samples.answer(
                    at: Int64(number) * Samples.second / 10, lag: 15 * Samples.ms, ttft: 2 * Samples.second), to: &tally
            )
        }
        #expect(level(judge(tally), "send-lag") == nil)
    }

    @Test(arguments: [(101, nil), (103, Verdict.Level.suspect), (110, .invalid)])
    func `a rate that was not reached accuses the generator`(percent: Int, expected: Verdict.Level?) {
        var tally = Tally(partLength: Samples.second)
        for number in 0..<3000 {
            let scheduled = Int64(number) * Samples.second / 10
            tally.record(Samples.answer(at: scheduled, lag: scheduled * Int64(percent - 100) / 100 + 1000))
        }
        #expect(level(judge(tally), "offered-rate") == expected)
    }

    @Test func `a closed loop wants no rate`() {
        let users = Arrival.users(UserArrival(stages: [Stage(duration: 0, level: 4)]))
        #expect(level(judge(Samples.tally(requests: 20), plan: Samples.plan(arrival: users)), "offered-rate") == nil)
    }

    @Test func `a run that was interrupted is not accused of what it did not get to`() {
        let verdict = judge(Samples.tally(requests: 300), run: Samples.run(ending: .interrupted))
        #expect(verdict.level == .valid)
    }

    @Test(arguments: [(1, Verdict.Level.suspect), (100, .suspect), (300, .invalid)])
    func `dropped requests show`(dropped: Int, expected: Verdict.Level) {
        var tally = Samples.tally()
        for number in 0..<dropped { tally.record(Samples.failure(.dropped, at: Int64(number) * Samples.second)) }
        #expect(level(judge(tally), "dropped") == expected)
    }

    @Test(arguments: [(0.5, nil), (0.85, Verdict.Level.suspect), (0.99, .invalid)])
    func `a generator without processor time left is not believed`(share: Double, expected: Verdict.Level?) {
        var tally = Samples.tally()
        tally.client.cpu = Nanoseconds(Double(tally.client.wall) * 2 * share)
        #expect(level(judge(tally), "cpu") == expected)
        tally.client.cpu = 0
        tally.client.busiestLoop = share
        #expect(level(judge(tally), "loop-cpu") == expected)
    }

    @Test func `one full loop shows though other processors idle`() {
        var tally = Samples.tally()
        tally.client.processors = 64
        tally.client.busiestLoop = 1
        #expect(judge(tally).level == .invalid)
    }

    @Test func `a run of less than a second has no processor share to speak of`() {
        var tally = Samples.tally(requests: 5)
        tally.client.wall = Samples.second / 2
        tally.client.cpu = tally.client.wall * 2
        #expect(level(judge(tally), "cpu") == nil)
    }

    @Test(arguments: [(1, nil), (3, Verdict.Level.suspect), (11, .invalid)])
    func `a loop that comes late stamps late`(milliseconds: Int, expected: Verdict.Level?) {
        var tally = Samples.tally()
        for _ in 0..<100 { tally.client.loopLag.record(Int64(milliseconds) * Samples.ms) }
        #expect(level(judge(tally), "loop-lag") == expected)
    }

    @Test(arguments: [(5, nil), (30, Verdict.Level.suspect), (60, .invalid)])
    func `a generator that the kernel held back is not believed`(thousandths: Int, expected: Verdict.Level?) {
        var tally = Samples.tally()
        tally.client.throttled = tally.client.wall * Int64(thousandths) / 1000
        #expect(level(judge(tally), "throttled") == expected)
    }

    @Test func `one impossible stamp is a bug`() {
        var tally = Samples.tally()
        tally.client.measurementErrors = 1
        #expect(judge(tally).level == .invalid)
    }

    @Test func `descriptors, ports and early closes are suspect`() {
        var tally = Samples.tally()
        tally.client.descriptorLimit = tally.client.mostInFlight + 10
        #expect(level(judge(tally), "descriptors") == .suspect)
        tally.client.connections = 200_000
        var run = Samples.run()
        run.machine.ephemeralPorts = 28_232
        let fresh = Samples.plan(capacity: CapacityPlan(keepsAlive: false))
        #expect(level(judge(tally, plan: fresh, run: run), "ports") == .suspect)
        #expect(level(judge(tally, run: run), "ports") == nil)
        for second in 0..<60 { tally.record(Samples.failure(.closedEarly, at: Int64(second) * Samples.second)) }
        #expect(level(judge(tally), "reuse") == .suspect)
        #expect(level(judge(tally, plan: fresh), "reuse") == nil)
    }

    @Test(arguments: ["acpi_pm", "hpet", "jiffies"])
    func `a coarse clock is suspect`(source: String) {
        var run = Samples.run()
        run.machine.clockSource = source
        #expect(judge(Samples.tally(), run: run).level == .suspect)
    }

    @Test(arguments: ["tsc", "kvm-clock", "arch_sys_counter", nil])
    func `a good clock is nothing to speak of`(source: String?) {
        var run = Samples.run()
        run.machine.clockSource = source
        #expect(judge(Samples.tally(), run: run) == Verdict())
    }

    @Test func `a server on the same machine is said and not held against the run`() {
        var run = Samples.run()
        run.isCoLocated = true
        let verdict = judge(Samples.tally(), run: run)
        #expect(level(verdict, "co-located") == .valid && verdict.level == .valid)
    }

    @Test func `a run without requests has nothing to accuse itself of`() {
        #expect(judge(Tally(partLength: 1)).level == .valid)
    }
}

@Suite struct LoadExitTests {
    private func exit(
        _ ending: RunFacts.Ending = .complete, succeeded: Int = 1, _ verdict: Verdict.Level = .valid, met: Bool = true
    ) -> LoadExit {
        LoadExit.of(
            ending, succeeded: succeeded, verdict: verdict,
            thresholds: [ThresholdResult(text: "", isMet: met, value: nil, shown: "")])
    }

    @Test func `the first that holds decides`() {
        #expect(exit() == .ok)
        #expect(exit(.interrupted, succeeded: 0, .invalid, met: false) == .interrupted)
        #expect(exit(.aborted, succeeded: 0, .invalid, met: false) == .aborted)
        #expect(exit(succeeded: 0, .invalid, met: false) == .nothingSucceeded)
        #expect(exit(.complete, .invalid, met: false) == .invalid)
        #expect(exit(.complete, .suspect, met: false) == .thresholdsMissed)
        #expect(exit(.complete, .suspect) == .ok)
    }

    @Test func `the numbers are those that scripts know`() {
        #expect(LoadExit.allCases.map(\.rawValue) == [0, 1, 3, 4, 99, 130])
    }
}
