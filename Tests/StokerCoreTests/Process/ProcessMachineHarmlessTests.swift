import StokerCore
import Testing

@Suite("Late, repeated and stale events")
struct ProcessMachineHarmlessTests {
    static let exit = ProcessExit(.code(1))
    static let passed = ProbeResult(total: .zero)

    /// What another generation, a timer of long ago or an answer to a forgotten question may say.
    static let staleEvents: [ProcessMachine.Event] = [
        .started(77, Bench.identity), .startFailed(77, "late"), .exited(77, exit), .succeeded(77, exit),
        .shimLost(77, "late"), .started(0, Bench.identity), .exited(0, exit), .elapsed(Ticket(number: 0)),
        .elapsed(Ticket(number: 9999)),
        .answered(Ticket(number: 9999), passed),
        .answered(Ticket(number: 9999), ProbeResult(failure: .status(500), total: .zero)),
    ]

    @Test("change nothing in any state", arguments: staleEvents)
    func stale(event: ProcessMachine.Event) {
        for (name, bench) in Bench.inEachState() {
            var copy = bench
            let effects = copy.tell(event)
            #expect(effects.isEmpty, "\(name)")
            #expect(copy.machine == bench.machine, "\(name)")
        }
    }

    @Test(
        "that come twice do what they did the first time and no more",
        arguments: [
            .begin, .order(.start), .order(.stopNow), .order(.drain), .order(.undrain), .lastRun("over"),
            .retire("over"), .leave("over"), .inFlight(0),
            .started(1, Bench.identity), .startFailed(1, "late"), .exited(1, exit), .succeeded(1, exit),
            .shimLost(1, "lost"),
        ] as [ProcessMachine.Event])
    func twice(event: ProcessMachine.Event) {
        for (name, bench) in Bench.inEachState() {
            var copy = bench
            copy.tell(event)
            let once = copy.actions
            copy.tell(event)
            #expect(copy.actions == once, "\(name)")
        }
    }

    @Test("leave at most one generation alive, whatever comes after whatever")
    func neverTwo() {
        let events: [ProcessMachine.Event] = [
            .begin, .order(.start), .order(.stop), .order(.restart), .order(.stopNow), .order(.restartNow),
            .order(.drain), .order(.undrain), .inFlight(0), .inFlight(3), .leave("over"),
            .revised(ProcessMachinePlanTests.changed, blockedBy: []),
            .retire("over"), .started(1, Bench.identity), .started(2, Bench.identity), .startFailed(1, "no"),
            .exited(1, Self.exit), .exited(2, Self.exit), .shimLost(1, "lost"), .blocked(by: ["x"]), .blocked(by: []),
        ]
        for (name, bench) in Bench.inEachState() {
            for first in events {
                for second in events {
                    var copy = bench
                    copy.tell(first)
                    copy.tell(second)
                    copy.pass(.seconds(100))
                    #expect(copy.mostAlive <= 1, "\(name): \(first), then \(second)")
                }
            }
        }
    }

    @Test("find every state with exactly the waits and questions that it holds")
    func ticketsMatch() {
        for (name, bench) in Bench.inEachState() {
            let held = Set(bench.machine.state.tickets)
            #expect(Set(bench.waits.map(\.ticket)).union(bench.questions.map(\.ticket)) == held, "\(name)")
        }
    }
}
