import StokerAdmin
import StokerCore
import Testing

@Suite struct TrafficFiguresTests {
    private func figures(
        _ requests: [FinishedRequest], live: [LiveRequest] = [], isWhole: Bool = true
    ) -> TrafficFigures {
        TrafficFigures(requests: requests, live: live, isWhole: isWhole, now: screenTime)
    }

    @Test func `nothing gives no traffic and no shares`() {
        let nothing = figures([])
        #expect(nothing.requestsPerSecond == 0 && nothing.tokensPerSecond == 0)
        #expect(nothing.failedShare == nil && nothing.ttftMedian == nil && nothing.ttftP99 == nil)
    }

    @Test func `only what ended within ten seconds is a rate`() {
        let ages = [0.0, 1, 5, 9.9, 10.1, 60]
        #expect(figures(ages.map { finished(endedAgo: $0) }).requestsPerSecond == 0.4)
    }

    @Test func `a list that was cut only speaks of its own time`() {
        let requests = (1...100).map { finished(endedAgo: Double($0) / 50) }
        #expect(figures(requests).requestsPerSecond == 10)
        // The oldest of them ended 2 s ago and is itself the edge.
        #expect(figures(requests, isWhole: false).requestsPerSecond == 49.5)
    }

    @Test func `a burst in a cut list is no infinite rate`() {
        let figures = figures([finished(endedAgo: 0), finished(endedAgo: 0)], isWhole: false)
        #expect(figures.requestsPerSecond == 20)
    }

    @Test func `failures count against those that ended within the window, clients that left do not`() {
        let requests =
            [RequestOutcome.ok, .ok, .clientGone, .brokenOff].map { finished(outcome: $0) }
            + [finished(endedAgo: 30, outcome: .failed)]
        #expect(figures(requests).failedShare == 0.25)
        #expect(figures([finished(endedAgo: 30, outcome: .failed)]).failedShare == nil)
    }

    @Test func `tokens are spread over the time in which they came`() {
        // 100 tokens within 20 s, of which the last 9 are in the window: it ended a second ago.
        let long = finished(endedAgo: 1, took: 21, ttft: 1, tokens: 100)
        #expect(abs(figures([long]).tokensPerSecond - 4.5) < 1e-6)
        let short = finished(endedAgo: 1, took: 2, ttft: 1, tokens: 50)
        #expect(abs(figures([short]).tokensPerSecond - 5) < 1e-6)
        #expect(figures([finished(endedAgo: 11, took: 2, ttft: 1, tokens: 50)]).tokensPerSecond == 0)
    }

    @Test func `tokens of running streams count as far as they have come`() {
        let live = running(age: 20, ttft: 4, tokens: 160)
        #expect(abs(figures([], live: [live]).tokensPerSecond - 10) < 1e-6)
        #expect(figures([], live: [running(age: 3, phase: .waiting)]).tokensPerSecond == 0)
    }

    @Test func `a request without duration counts its tokens once, within the window`() {
        #expect(figures([finished(endedAgo: 1, took: 0, tokens: 30)]).tokensPerSecond == 3)
        #expect(figures([finished(endedAgo: 12, took: 0, tokens: 30)]).tokensPerSecond == 0)
    }

    @Test(arguments: [(1, 1, 1), (2, 1, 2), (3, 2, 3), (100, 50, 99), (1000, 500, 990)])
    func `times to first token are quantiles over the whole list`(count: Int, median: Int, p99: Int) {
        let requests = (1...count).map { finished(endedAgo: 500, took: 2000, ttft: Double($0)) }.reversed()
        #expect(figures(Array(requests)).ttftMedian == Double(median))
        #expect(figures(Array(requests)).ttftP99 == Double(p99))
    }
}

@Suite struct TopHistoryTests {
    private func page(_ sequences: ClosedRange<Int64>, live: [LiveRequest] = []) -> RequestPage {
        RequestPage(
            next: sequences.upperBound,
            requests: sequences.map { number in finished("r\(number)") { $0.sequence = number } }, live: live)
    }

    @Test func `each page is asked for after the one before, with the filters of the first`() {
        var history = TopHistory()
        let base = RequestQuery(model: "m", failed: true)
        #expect(history.query(base) == RequestQuery(model: "m", failed: true, limit: 1000))
        history.take(page(1...3))
        #expect(history.query(base) == RequestQuery(after: 3, model: "m", failed: true, limit: 1000))
    }

    @Test func `pages are joined, what runs is of the last`() {
        var history = TopHistory()
        history.take(page(1...3, live: [running("x")]))
        history.take(page(4...5, live: [running("y")]))
        #expect(history.page.requests.map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(history.page.live.map(\.id) == ["y"])
        #expect(history.isWhole)
    }

    @Test func `an empty page changes nothing but what runs`() {
        var history = TopHistory()
        history.take(page(1...3, live: [running("x")]))
        history.take(RequestPage(next: 3))
        #expect(history.page.requests.count == 3 && history.page.live.isEmpty)
        #expect(history.query(RequestQuery()).after == 3)
    }

    @Test func `the newest thousand are kept, and then the list is no longer whole`() {
        var history = TopHistory()
        history.take(page(1...900))
        #expect(history.isWhole)
        history.take(page(901...1100))
        #expect(history.page.requests.map(\.sequence) == Array(101...1100))
        #expect(!history.isWhole)
    }

    @Test func `a list that begins in the middle is not whole`() {
        var late = TopHistory()
        late.take(page(5000...5003))
        #expect(!late.isWhole)
        var full = TopHistory()
        full.take(page(1...1000))
        #expect(!full.isWhole)
    }

    @Test func `a new gateway begins at one, and goes on in the same list`() {
        var history = TopHistory()
        history.take(page(1...50))
        history.take(page(1...2))
        #expect(history.page.requests.map(\.sequence).suffix(3) == [50, 1, 2])
        #expect(history.query(RequestQuery()).after == 2)
    }
}
