import StokerCore
import StokerGateway
import StokerWire
import Testing

@Suite struct RequestMeterTests {
    private let identity = RequestIdentity(id: "r1", route: .chat, model: "m")
    private let wall = Timestamp(milliseconds: 1_700_000_010_000)

    /// A stream that began at 100 s: asked at 100.2 s, events at these milliseconds after the start.
    private func meter(events: [Int]) -> RequestMeter {
        var meter = RequestMeter(startedAt: .seconds(100))
        meter.attempt(at: .seconds(100) + .milliseconds(200))
        for event in events { meter.event(at: .seconds(100) + .milliseconds(event)) }
        return meter
    }

    private func record(_ meter: RequestMeter, _ end: RequestEnd, after milliseconds: Int = 10_000) -> FinishedRequest {
        meter.record(identity, end, at: .seconds(100) + .milliseconds(milliseconds), wall: wall)
    }

    @Test func `a stream's times are told apart`() {
        let end = RequestEnd(
            .ok, code: 200, backend: "a", isStream: true, usage: TokenUsage(input: 9, output: 5, cachedInput: 4),
            finishReason: "stop")
        let record = record(meter(events: [1000, 1100, 1200, 2000]), end, after: 3000)
        #expect(record.id == "r1" && record.route == "chat" && record.model == "m" && record.backend == "a")
        #expect(record.startedAt == Timestamp(milliseconds: wall.milliseconds - 3000))
        #expect(record.endedAt == wall)
        #expect(record.queueSeconds == 0.2)
        #expect(record.ttftSeconds == 1)
        #expect(record.durationSeconds == 3)
        #expect(record.itlMaxSeconds == 0.8)
        // (2.0 - 1.0) / 3 gaps, and (3.0 - 1.0) / 4 tokens after the first.
        #expect(record.itlMeanSeconds.map { abs($0 - 1.0 / 3) < 1e-9 } == true)
        #expect(record.tpotSeconds == 0.5)
        #expect(record.cachedInputTokens == 4)
        #expect(record.inputTokens == 9 && record.outputTokens == 5 && record.tokensReported)
        #expect(record.finishReason == "stop" && record.errorCode == nil)
        #expect(record.attempts == 1 && record.seams == 0 && record.stream)
    }

    @Test func `events stand for tokens where the engine does not count`() {
        let record = record(meter(events: [1000, 1500, 2000]), RequestEnd(.ok, code: 200, isStream: true), after: 2000)
        #expect(record.outputTokens == 3 && !record.tokensReported && record.inputTokens == nil)
        #expect(record.tpotSeconds == 0.5)
    }

    @Test func `one event has a first token and no gap`() {
        let record = record(meter(events: [1000]), RequestEnd(.ok, code: 200, isStream: true))
        #expect(record.ttftSeconds == 1)
        #expect(record.itlMeanSeconds == nil && record.itlMaxSeconds == nil && record.tpotSeconds == nil)
    }

    @Test func `an answer of one piece has no token times, whatever came`() {
        let end = RequestEnd(.ok, code: 200, backend: "a", usage: TokenUsage(input: 3, output: 40))
        let record = record(meter(events: []), end, after: 4000)
        #expect(record.ttftSeconds == nil && record.tpotSeconds == nil && record.itlMaxSeconds == nil)
        #expect(record.durationSeconds == 4 && record.outputTokens == 40 && !record.stream)
    }

    @Test func `a request that no backend was asked for never left the queue`() {
        let meter = RequestMeter(startedAt: .seconds(100))
        let record = record(meter, RequestEnd(.refused, code: 503, errorCode: "no_backend"), after: 5)
        #expect(record.queueSeconds == nil && record.backend == nil && record.attempts == 0)
        #expect(record.outcome == .refused && record.code == 503 && record.errorCode == "no_backend")
    }

    @Test func `only the first attempt ends the queue time; each is counted, and so is each seam`() {
        var meter = RequestMeter(startedAt: .seconds(1))
        meter.attempt(at: .seconds(2))
        meter.attempt(at: .seconds(5))
        meter.event(at: .seconds(6))
        meter.seam()
        meter.attempt(at: .seconds(7))
        meter.event(at: .seconds(9))
        #expect(meter.queued == .seconds(1))
        #expect(meter.attempts == 3 && meter.seams == 1)
        // The client waited through the seam, so the seam is in its gap.
        #expect(meter.longestGap == .seconds(3) && meter.meanGap == .seconds(3))
    }

    @Test func `each event tells its gap, the first has none`() {
        var meter = RequestMeter(startedAt: .zero)
        #expect(meter.event(at: .milliseconds(5)) == nil)
        #expect(meter.event(at: .milliseconds(5)) == .zero)
        #expect(meter.event(at: .milliseconds(12)) == .milliseconds(7))
        #expect(meter.events == 3 && meter.timeToFirstToken == .milliseconds(5))
    }

    @Test func `a seeded stream's gaps add up to the time between its first and last event`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var meter = RequestMeter(startedAt: .zero)
            var now = Duration.milliseconds(Int.random(in: 0...50, using: &generator))
            let first = now
            var sum = Duration.zero
            var longest = Duration.zero
            for _ in 0..<Int.random(in: 2...60, using: &generator) {
                if let gap = meter.event(at: now) {
                    sum += gap
                    longest = max(longest, gap)
                }
                now += .microseconds(Int.random(in: 0...90_000, using: &generator))
            }
            meter.event(at: now)
            sum += meter.events > 1 ? now - (first + sum) : .zero
            #expect(sum == now - first)
            #expect(meter.meanGap == (now - first) / (meter.events - 1))
            #expect(meter.longestGap >= longest)
        }
    }

    @Test func `a request under way shows how far it is`() {
        func live(_ meter: RequestMeter, isCommitted: Bool) -> LiveRequest {
            meter.live(identity, backend: "a", isCommitted: isCommitted, at: .seconds(103), wall: wall)
        }
        let queued = live(RequestMeter(startedAt: .seconds(100)), isCommitted: false)
        #expect(queued.phase == .queued && queued.ageSeconds == 3 && queued.silentSeconds == nil)
        #expect(queued.startedAt == Timestamp(milliseconds: wall.milliseconds - 3000))
        #expect(live(meter(events: []), isCommitted: false).phase == .waiting)
        let streaming = live(meter(events: [1000, 2500]), isCommitted: true)
        #expect(streaming.phase == .streaming && streaming.outputTokens == 2)
        #expect(streaming.ttftSeconds == 1 && streaming.silentSeconds == 0.5)
        #expect(streaming.id == "r1" && streaming.route == "chat" && streaming.backend == "a")
    }
}
