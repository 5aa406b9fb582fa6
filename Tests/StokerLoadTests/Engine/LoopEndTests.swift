import StokerLoad
import Testing

@Suite struct LoopEndTests {
    private let end = LoopEnd(StopRule(duration: 100, grace: 20))

    @Test(
        arguments: [
            (0, LoopEnd.Phase.running), (99, .running), (100, .draining), (119, .draining), (120, .over), (500, .over),
        ] as [(Nanoseconds, LoopEnd.Phase)])
    func `a run goes on, then drains, then is over`(now: Nanoseconds, phase: LoopEnd.Phase) {
        #expect(end.phase(at: now, isStopped: false) == phase)
    }

    @Test(arguments: [0, 100, 500] as [Nanoseconds])
    func `a person's stop waits for nothing`(now: Nanoseconds) {
        #expect(end.phase(at: now, isStopped: true) == .over)
    }

    @Test func `a request due at the very end is not of this run`() {
        #expect(end.lastMoment == 99)
    }

    @Test func `without a duration a run goes on until its requests are through`() {
        let endless = LoopEnd(StopRule(requests: 5))
        #expect(endless.phase(at: .max, isStopped: false) == .running)
    }
}
