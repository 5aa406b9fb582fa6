import StokerCore
import StokerGateway
import StokerWire
import Testing

@Suite("Exchange")
struct ExchangeTests {
    /// An exchange with backends 0 to `backends - 1`, all usable unless a test says otherwise.
    struct Driver {
        var exchange: Exchange
        var usable: [Int]
        var canContinue = true

        init(
            _ wish: Exchange.Wish = .document, backends: Int = 2, seams: Int = 0, keepAlive: Duration? = nil
        ) {
            exchange = Exchange(
                wish, deadlines: ExchangeTests.deadlines, maxSeams: seams, keepAlive: keepAlive, startedAt: .zero)
            usable = Array(0..<backends)
        }

        mutating func tell(_ event: Exchange.Event, at seconds: Double = 0) -> Exchange.Decision {
            exchange.handle(event, at: .seconds(seconds)) { [usable, canContinue] tried, purpose in
                purpose == .continuation && !canContinue ? nil : usable.first { !tried.contains($0) }
            }
        }

        /// Begins, and goes on to the phase after a response head.
        mutating func begin(_ facts: ResponseFacts? = nil) {
            _ = tell(.begin)
            if let facts { _ = tell(.head(facts)) }
        }
    }

    static let deadlines = Deadlines(connect: .seconds(1), firstToken: .seconds(10), stall: .seconds(5))
    static let unary = ResponseFacts(status: 200)
    static let stream = ResponseFacts(status: 200, content: .eventStream)

    @Test("a unary answer is held until it is whole")
    func unary() {
        var driver = Driver()
        #expect(driver.tell(.begin) == .attempt(backend: 0, fresh: false))
        #expect(driver.tell(.head(Self.unary)) == .hold)
        #expect(driver.tell(.body(bytes: 100)) == .hold)
        #expect(!driver.exchange.isCommitted)
        #expect(driver.tell(.end) == .finish)
        #expect(driver.tell(.tick, at: 1000) == .nothing)
    }

    @Test("a unary answer over the bound is committed, at once where its length says so")
    func large() {
        var driver = Driver()
        driver.begin(Self.unary)
        #expect(driver.tell(.body(bytes: Exchange.holdLimit)) == .hold)
        #expect(driver.tell(.body(bytes: 1)) == .commit)
        #expect(driver.tell(.body(bytes: 1)) == .forward)
        var known = Driver()
        known.begin()
        #expect(known.tell(.head(ResponseFacts(status: 200, contentLength: 2 << 20))) == .commit)
    }

    @Test("a stream is committed with its first data, not with its head")
    func stream() {
        var driver = Driver(.eventStream)
        driver.begin(Self.stream)
        #expect(driver.tell(.events(sound: false)) == .hold)
        #expect(driver.tell(.events(sound: true)) == .commit)
        #expect(driver.tell(.events(sound: true)) == .forward)
        #expect(driver.tell(.end) == .finish)
    }

    @Test(
        "until the first byte went out, every failure is tried elsewhere first",
        arguments: [
            AttemptFailure.connect("refused"), .connectTimeout, .closedEarly, .truncated, .malformed(.statusLine),
            .stalled, .emptyStream, .emptyAnswer, .wrongContent("text/html"), .errorEvent("out of memory"),
            .eventTooLarge,
        ])
    func retried(_ failure: AttemptFailure) {
        var driver = Driver()
        driver.begin()
        #expect(driver.tell(.failed(failure, reused: false)) == .attempt(backend: 1, fresh: false))
        #expect(driver.exchange.retries == 1)
    }

    @Test("after the first byte a failure breaks the answer off")
    func broken() {
        var driver = Driver(.eventStream)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true))
        #expect(driver.tell(.failed(.truncated, reused: false)) == .breakOff(.truncated))
        #expect(driver.tell(.failed(.truncated, reused: false)) == .nothing)
    }

    @Test("a stale connection is replaced once on the same backend and counts as nothing")
    func stale() {
        var driver = Driver()
        driver.begin()
        #expect(driver.tell(.failed(.closedEarly, reused: true)) == .attempt(backend: 0, fresh: true))
        #expect(driver.exchange.retries == 0)
        #expect(driver.tell(.failed(.closedEarly, reused: true)) == .attempt(backend: 1, fresh: false))
        #expect(driver.exchange.retries == 1)
    }

    @Test("back-pressure is tried elsewhere, and relayed when there is no elsewhere")
    func backPressure() {
        var driver = Driver()
        driver.begin()
        #expect(driver.tell(.head(ResponseFacts(status: 503))) == .attempt(backend: 1, fresh: false))
        #expect(driver.tell(.head(ResponseFacts(status: 429))) == .hold)
        #expect(driver.tell(.end) == .finish)
    }

    @Test("the last backend's failure is the answer; without any backend there is no attempt")
    func nobodyLeft() {
        var driver = Driver()
        driver.begin()
        driver.usable = [1]
        _ = driver.tell(.failed(.connect("refused"), reused: false))
        driver.usable = []
        #expect(
            driver.tell(.failed(.connectTimeout, reused: false))
                == .refuse(.failed(backend: 1, .connectTimeout)))
        var empty = Driver(backends: 0)
        #expect(empty.tell(.begin) == .refuse(.noBackend))
    }

    @Test("a request that was sent three times and broke its backend each time is sent no more")
    func poison() {
        var driver = Driver(backends: 10)
        driver.begin()
        _ = driver.tell(.failed(.closedEarly, reused: false))
        _ = driver.tell(.failed(.truncated, reused: false))
        #expect(
            driver.tell(.failed(.closedEarly, reused: false)) == .refuse(.failed(backend: 2, .closedEarly)))
    }

    @Test("connections that never stood do not count against a request")
    func neverSent() {
        var driver = Driver(backends: 10)
        driver.begin()
        for next in 1..<10 {
            #expect(driver.tell(.failed(.connect("refused"), reused: false)) == .attempt(backend: next, fresh: false))
        }
    }

    @Test("no first byte within the deadline is a refusal, retries included")
    func firstToken() {
        var driver = Driver(.eventStream)
        driver.begin()
        _ = driver.tell(.failed(.closedEarly, reused: false), at: 6)
        #expect(driver.tell(.tick, at: 9.9) == .nothing)
        #expect(driver.tell(.tick, at: 10) == .refuse(.failed(backend: 1, .firstTokenTimeout)))
        var headOnly = Driver(.eventStream)
        headOnly.begin(Self.stream)
        #expect(headOnly.tell(.tick, at: 10) == .refuse(.failed(backend: 0, .firstTokenTimeout)))
    }

    @Test("a document has a deadline of its own, for it begins when it is finished")
    func answerDeadline() {
        var driver = Driver()
        driver.begin()
        #expect(driver.tell(.tick, at: 599) == .nothing)
        #expect(driver.tell(.tick, at: 600) == .refuse(.failed(backend: 0, .firstTokenTimeout)))
    }

    @Test("a gap over the stall deadline ends a stream, and sends a held answer elsewhere")
    func stall() {
        var driver = Driver(.eventStream)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true), at: 1)
        _ = driver.tell(.events(sound: true), at: 4)
        #expect(driver.tell(.tick, at: 8.9) == .nothing)
        #expect(driver.tell(.tick, at: 9) == .breakOff(.stalled))
        var held = Driver()
        held.begin(Self.unary)
        _ = held.tell(.body(bytes: 1), at: 1)
        #expect(held.tell(.tick, at: 6) == .attempt(backend: 1, fresh: false))
    }

    @Test("a slow client is not the backend's stall")
    func paused() {
        var driver = Driver(.eventStream)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true))
        _ = driver.tell(.paused)
        #expect(driver.tell(.tick, at: 100) == .nothing)
        _ = driver.tell(.resumed, at: 100)
        #expect(driver.tell(.tick, at: 104) == .nothing)
        #expect(driver.tell(.tick, at: 105) == .breakOff(.stalled))
    }

    @Test("after the client has gone nothing matters any more")
    func gone() {
        var driver = Driver()
        driver.begin(Self.unary)
        #expect(driver.tell(.clientGone) == .nothing)
        #expect(driver.tell(.end) == .nothing)
        #expect(driver.tell(.failed(.truncated, reused: false)) == .nothing)
    }

    @Test("a server error is tried elsewhere once, then relayed")
    func serverError() {
        var driver = Driver(backends: 5)
        driver.begin()
        #expect(driver.tell(.head(ResponseFacts(status: 500))) == .attempt(backend: 1, fresh: false))
        #expect(driver.tell(.head(ResponseFacts(status: 500))) == .hold)
        #expect(driver.tell(.end) == .finish)
    }

    @Test(
        "a 200 of the wrong kind is tried elsewhere, and never reaches the client",
        arguments: [
            (Exchange.Wish.eventStream, ResponseFacts.Content.json), (.eventStream, .other("text/html")),
            (.eventStream, .unnamed), (.document, .other("text/html")),
        ])
    func wrongKind(_ wish: Exchange.Wish, _ content: ResponseFacts.Content) {
        var driver = Driver(wish)
        driver.begin()
        let facts = ResponseFacts(status: 200, content: content)
        #expect(driver.tell(.head(facts)) == .attempt(backend: 1, fresh: false))
        guard case .refuse(.failed(backend: 1, .wrongContent)) = driver.tell(.head(facts)) else {
            Issue.record("the wrong kind of answer was accepted")
            return
        }
    }

    @Test("an empty 200 is tried elsewhere where a document is due, and is an answer where we know nothing of the path")
    func emptyAnswer() {
        var driver = Driver()
        driver.begin(Self.unary)
        #expect(driver.tell(.end) == .attempt(backend: 1, fresh: false))
        var unknown = Driver(.anything)
        unknown.begin(Self.unary)
        #expect(unknown.tell(.end) == .finish)
    }

    @Test(
        "a broken stream goes on elsewhere, and is whole in the end",
        arguments: [AttemptFailure.truncated, .unfinished, .errorEvent("boom"), .malformed(.chunkSize)])
    func seam(_ failure: AttemptFailure) {
        var driver = Driver(.eventStream, seams: 1)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true))
        #expect(driver.tell(.failed(failure, reused: false), at: 1) == .continue(backend: 1, after: failure))
        #expect(driver.exchange.seams == 0, "not before it flows again")
        #expect(driver.tell(.head(Self.stream), at: 2) == .hold)
        #expect(driver.tell(.events(sound: false), at: 2) == .hold)
        #expect(driver.tell(.events(sound: true), at: 2) == .commit)
        #expect(driver.exchange.seams == 1)
        #expect(driver.exchange.retries == 0)
        #expect(driver.tell(.events(sound: true), at: 2) == .forward)
        #expect(driver.tell(.end, at: 3) == .finish)
    }

    @Test("a stream that falls silent goes on elsewhere, never where it fell silent")
    func stalledSeam() {
        var driver = Driver(.eventStream, seams: 2)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true), at: 1)
        #expect(driver.tell(.tick, at: 6) == .continue(backend: 1, after: .stalled))
        driver.usable = [1]
        #expect(driver.tell(.failed(.stalled, reused: false), at: 7) == .breakOff(.stalled))
    }

    @Test("a reset stream may go on at the same backend when there is no other")
    func sameBackend() {
        var driver = Driver(.eventStream, backends: 1, seams: 1)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true))
        #expect(driver.tell(.failed(.truncated, reused: false)) == .continue(backend: 0, after: .truncated))
    }

    @Test("no more seams than allowed, and none for a stream that nobody can continue")
    func seamLimit() {
        var driver = Driver(.eventStream, backends: 5, seams: 1)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true))
        _ = driver.tell(.failed(.truncated, reused: false))
        _ = driver.tell(.head(Self.stream))
        _ = driver.tell(.events(sound: true))
        #expect(driver.tell(.failed(.unfinished, reused: false)) == .breakOff(.unfinished))
        var unfit = Driver(.eventStream, seams: 5)
        unfit.canContinue = false
        unfit.begin(Self.stream)
        _ = unfit.tell(.events(sound: true))
        #expect(unfit.tell(.failed(.truncated, reused: false)) == .breakOff(.truncated))
    }

    @Test(
        "a continuation that fails before its first event is tried elsewhere, and its end names what broke the stream")
    func failedContinuation() {
        var driver = Driver(.eventStream, backends: 3, seams: 1)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true))
        _ = driver.tell(.failed(.truncated, reused: false))
        #expect(driver.tell(.failed(.connect("refused"), reused: false)) == .continue(backend: 2, after: .truncated))
        #expect(driver.tell(.head(ResponseFacts(status: 400))) == .breakOff(.truncated))
    }

    @Test("the clock of the first token begins anew with a seam")
    func seamDeadline() {
        var driver = Driver(.eventStream, seams: 1)
        driver.begin(Self.stream)
        _ = driver.tell(.events(sound: true), at: 9)
        _ = driver.tell(.failed(.truncated, reused: false), at: 12)
        #expect(driver.tell(.tick, at: 21.9) == .nothing)
        #expect(driver.tell(.tick, at: 22) == .breakOff(.truncated))
    }

    @Test("a stream that says nothing is kept alive by comments, and its failure comes as an event then")
    func keepAlive() {
        var driver = Driver(.eventStream, keepAlive: .seconds(3))
        driver.begin()
        #expect(driver.tell(.tick, at: 2.9) == .nothing)
        #expect(driver.tell(.tick, at: 3) == .keepAlive)
        #expect(driver.exchange.hasHead && !driver.exchange.isCommitted)
        #expect(driver.tell(.tick, at: 4) == .nothing)
        #expect(driver.tell(.tick, at: 6) == .keepAlive)
        #expect(driver.tell(.failed(.closedEarly, reused: false), at: 7) == .attempt(backend: 1, fresh: false))
        #expect(driver.tell(.head(ResponseFacts(status: 400)), at: 8) == .breakOff(.status(400)))
        var unary = Driver(keepAlive: .seconds(3))
        unary.begin()
        #expect(unary.tell(.tick, at: 5) == .nothing, "a document has no place for comments")
    }

    @Test("whatever happens in whatever order, an exchange ends once", arguments: 0..<50 as Range<UInt64>)
    func anyOrder(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let events: [Exchange.Event] = [
            .begin, .failed(.closedEarly, reused: true), .failed(.connect(""), reused: false), .head(Self.unary),
            .head(Self.stream), .head(ResponseFacts(status: 503)), .body(bytes: 1 << 19), .events(sound: true),
            .events(sound: false), .end, .paused, .resumed, .tick, .clientGone, .failed(.truncated, reused: false),
        ]
        for wish in [Exchange.Wish.document, .eventStream, .anything] {
            for _ in 0..<50 {
                var driver = Driver(wish, backends: 3, seams: 2, keepAlive: .seconds(4))
                var endings = 0
                var commits = 0
                for step in 0..<60 {
                    switch driver.tell(events.randomElement(using: &random) ?? .tick, at: Double(step)) {
                    case .finish, .refuse, .breakOff: endings += 1
                    case .commit: commits += 1
                    case .attempt: #expect(commits == 0, "nothing is begun anew after a commit")
                    case .continue: #expect(commits > 0, "nothing is continued that was not begun")
                    default: break
                    }
                }
                #expect(endings <= 1)
                #expect(commits <= 1 + driver.exchange.seams)
            }
        }
    }
}
