import StokerCore
import StokerGateway
import StokerWire
import Testing

@Suite("Exchange")
struct ExchangeTests {
    /// An exchange with backends 0 to `backends - 1`, all usable unless a test says otherwise.
    struct Driver {
        var exchange = Exchange(deadlines: ExchangeTests.deadlines, startedAt: .zero)
        var usable: [Int]

        init(backends: Int = 2) { usable = Array(0..<backends) }

        mutating func tell(_ event: Exchange.Event, at seconds: Double = 0) -> Exchange.Decision {
            exchange.handle(event, at: .seconds(seconds)) { [usable] tried in usable.first { !tried.contains($0) } }
        }

        /// Begins, and goes on to the phase after a response head.
        mutating func begin(_ facts: ResponseFacts? = nil) {
            _ = tell(.begin)
            if let facts { _ = tell(.head(facts)) }
        }
    }

    static let deadlines = Deadlines(connect: .seconds(1), firstToken: .seconds(10), stall: .seconds(5))
    static let unary = ResponseFacts(status: 200)
    static let stream = ResponseFacts(status: 200, isEventStream: true)

    @Test("a unary answer is held until it is whole")
    func unary() {
        var driver = Driver()
        #expect(driver.tell(.begin) == .attempt(backend: 0, fresh: false))
        #expect(driver.tell(.head(Self.unary)) == .hold)
        #expect(driver.tell(.body(bytes: 100, hasData: true)) == .hold)
        #expect(!driver.exchange.isCommitted)
        #expect(driver.tell(.end) == .finish)
        #expect(driver.tell(.tick, at: 1000) == .nothing)
    }

    @Test("a unary answer over the bound is committed, at once where its length says so")
    func large() {
        var driver = Driver()
        driver.begin(Self.unary)
        #expect(driver.tell(.body(bytes: Exchange.holdLimit, hasData: true)) == .hold)
        #expect(driver.tell(.body(bytes: 1, hasData: true)) == .commit)
        #expect(driver.tell(.body(bytes: 1, hasData: true)) == .forward)
        var known = Driver()
        known.begin()
        #expect(known.tell(.head(ResponseFacts(status: 200, contentLength: 2 << 20))) == .commit)
    }

    @Test("a stream is committed with its first data, not with its head")
    func stream() {
        var driver = Driver()
        driver.begin(Self.stream)
        #expect(driver.tell(.body(bytes: 3, hasData: false)) == .hold)
        #expect(driver.tell(.body(bytes: 9, hasData: true)) == .commit)
        #expect(driver.tell(.body(bytes: 9, hasData: true)) == .forward)
        #expect(driver.tell(.end) == .finish)
    }

    @Test(
        "until the first byte went out, every failure is tried elsewhere first",
        arguments: [
            AttemptFailure.connect("refused"), .connectTimeout, .closedEarly, .truncated, .malformed(.statusLine),
            .stalled,
            .emptyStream,
        ])
    func retried(_ failure: AttemptFailure) {
        var driver = Driver()
        driver.begin()
        #expect(driver.tell(.failed(failure, reused: false)) == .attempt(backend: 1, fresh: false))
        #expect(driver.exchange.retries == 1)
    }

    @Test("after the first byte a failure breaks the answer off")
    func broken() {
        var driver = Driver()
        driver.begin(Self.stream)
        _ = driver.tell(.body(bytes: 1, hasData: true))
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
        var driver = Driver()
        driver.begin()
        _ = driver.tell(.failed(.closedEarly, reused: false), at: 6)
        #expect(driver.tell(.tick, at: 9.9) == .nothing)
        #expect(driver.tell(.tick, at: 10) == .refuse(.failed(backend: 1, .firstTokenTimeout)))
        var headOnly = Driver()
        headOnly.begin(Self.stream)
        #expect(headOnly.tell(.tick, at: 10) == .refuse(.failed(backend: 0, .firstTokenTimeout)))
    }

    @Test("a gap over the stall deadline ends a stream, and sends a held answer elsewhere")
    func stall() {
        var driver = Driver()
        driver.begin(Self.stream)
        _ = driver.tell(.body(bytes: 1, hasData: true), at: 1)
        _ = driver.tell(.body(bytes: 1, hasData: true), at: 4)
        #expect(driver.tell(.tick, at: 8.9) == .nothing)
        #expect(driver.tell(.tick, at: 9) == .breakOff(.stalled))
        var held = Driver()
        held.begin(Self.unary)
        _ = held.tell(.body(bytes: 1, hasData: true), at: 1)
        #expect(held.tell(.tick, at: 6) == .attempt(backend: 1, fresh: false))
    }

    @Test("a slow client is not the backend's stall")
    func paused() {
        var driver = Driver()
        driver.begin(Self.stream)
        _ = driver.tell(.body(bytes: 1, hasData: true))
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

    @Test("whatever happens in whatever order, an exchange ends once", arguments: 0..<50 as Range<UInt64>)
    func anyOrder(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let events: [Exchange.Event] = [
            .begin, .failed(.closedEarly, reused: true), .failed(.connect(""), reused: false), .head(Self.unary),
            .head(Self.stream), .head(ResponseFacts(status: 503)), .body(bytes: 1 << 19, hasData: true), .end, .paused,
            .resumed, .tick, .clientGone, .failed(.truncated, reused: false),
        ]
        for _ in 0..<50 {
            var driver = Driver(backends: 3)
            var endings = 0
            var commits = 0
            for step in 0..<60 {
                switch driver.tell(events.randomElement(using: &random) ?? .tick, at: Double(step)) {
                case .finish, .refuse, .breakOff: endings += 1
                case .commit: commits += 1
                case .attempt: #expect(commits == 0, "nothing is retried after a commit")
                default: break
                }
            }
            #expect(endings <= 1)
            #expect(commits <= 1)
        }
    }
}
