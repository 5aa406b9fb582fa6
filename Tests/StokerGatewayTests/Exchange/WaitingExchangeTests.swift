import StokerCore
import StokerGateway
import StokerWire
import Testing

@Suite("Exchange of a request that waits")
struct WaitingExchangeTests {
    typealias Driver = ExchangeTests.Driver

    @Test("it begins when there is room")
    func begins() {
        var driver = Driver()
        #expect(driver.tell(.wait) == .nothing)
        #expect(driver.tell(.tick, at: 5) == .nothing)
        #expect(driver.tell(.begin, at: 6) == .attempt(backend: 0, fresh: false))
    }

    @Test("a stream gets comments meanwhile, a document gets none")
    func comments() {
        var stream = Driver(.eventStream, keepAlive: .seconds(2))
        _ = stream.tell(.wait)
        #expect(stream.tell(.tick, at: 1) == .nothing)
        #expect(stream.tell(.tick, at: 2) == .keepAlive)
        #expect(stream.exchange.hasHead)
        #expect(stream.tell(.begin, at: 3) == .attempt(backend: 0, fresh: false))
        var document = Driver(keepAlive: .seconds(2))
        _ = document.tell(.wait)
        #expect(document.tell(.tick, at: 50) == .nothing)
    }

    @Test("time in the line is time of its deadline")
    func deadline() {
        var driver = Driver(.eventStream)
        _ = driver.tell(.wait)
        _ = driver.tell(.begin, at: 9)
        #expect(driver.tell(.tick, at: 10) == .refuse(.failed(backend: 0, .firstTokenTimeout)))
    }

    @Test("who has left is not begun for")
    func left() {
        var driver = Driver()
        _ = driver.tell(.wait)
        _ = driver.tell(.clientGone)
        #expect(driver.tell(.begin) == .nothing)
    }
}

@Suite("Retries by what came before")
struct RetryPurposeTests {
    /// What the exchange asked for after a failure.
    static func purposes(after failure: AttemptFailure) -> [Exchange.Purpose] {
        var exchange = Exchange(.document, deadlines: ExchangeTests.deadlines, startedAt: .zero)
        var asked: [Exchange.Purpose] = []
        _ = exchange.handle(.begin, at: .zero) { _, _ in 0 }
        _ = exchange.handle(.failed(failure, reused: false), at: .zero) { _, purpose in
            asked.append(purpose)
            return nil
        }
        return asked
    }

    @Test(
        "another answer draws on the budget",
        arguments: [AttemptFailure.emptyAnswer, .emptyStream, .errorEvent("no"), .wrongContent("text/html")])
    func answers(_ failure: AttemptFailure) {
        #expect(Set(Self.purposes(after: failure)) == [.retry])
    }

    @Test(
        "what a broken connection lost, or a full backend refused, does not",
        arguments: [
            AttemptFailure.connect("refused"), .connectTimeout, .closedEarly, .truncated, .malformed(.statusLine),
            .stalled, .frozen, .silent, .eventTooLarge, .status(429), .status(503),
        ])
    func connections(_ failure: AttemptFailure) {
        #expect(Set(Self.purposes(after: failure)) == [.answer])
    }

    @Test("with the budget used up the first answer goes to the client", arguments: [500, 502, 504])
    func denied(status: Int) {
        var exchange = Exchange(.document, deadlines: ExchangeTests.deadlines, startedAt: .zero)
        let choose: Exchange.Choice = { _, purpose in purpose == .retry ? nil : 0 }
        _ = exchange.handle(.begin, at: .zero, choose: choose)
        #expect(exchange.handle(.head(ResponseFacts(status: status)), at: .zero, choose: choose) == .hold)
        #expect(exchange.handle(.body(bytes: 10), at: .zero, choose: choose) == .hold)
        #expect(exchange.handle(.end, at: .zero, choose: choose) == .finish)
    }
}
