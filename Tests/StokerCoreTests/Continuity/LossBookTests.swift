import StokerCore
import Testing

@Suite("The book of losses")
struct LossBookTests {
    private var book = LossBook()

    private func at(_ milliseconds: Int64) -> BootTime { BootTime(nanoseconds: milliseconds * 1_000_000) }

    private func subject(_ backend: String, models: [String] = ["m"]) -> LossBook.Subject {
        LossBook.Subject(backend: backend, models: models, lastHeard: at(90), inFlight: 2)
    }

    private mutating func lose(_ backend: String, at time: Int64, models: [String] = ["m"]) {
        book.note(.connection, subject(backend, models: models), words: "refused", isOut: true, at: at(time))
    }

    @Test mutating func `a loss has what was known of the backend when it was lost`() throws {
        lose("a", at: 100)
        let loss = try #require(book.losses.first)
        #expect(loss.number == 1)
        #expect(loss.sign == .connection)
        #expect(loss.words == "refused")
        #expect(loss.lastHeard == at(90))
        #expect(loss.inFlight == 2)
        #expect(loss.noticed == at(100))
        #expect(loss.decided == at(100))
        #expect(loss.back == nil)
    }

    @Test mutating func `a backend that is lost already is not lost again`() {
        lose("a", at: 100)
        lose("a", at: 110)
        #expect(book.losses.map(\.noticed) == [at(100)])
    }

    @Test mutating func `a broken answer becomes a loss when the backend leaves the rotation`() {
        book.note(.broken, subject("a"), words: "cut", isOut: false, at: at(100))
        #expect(book.losses.map(\.isOut) == [false])
        book.note(.table, subject("a"), words: "restarting", isOut: true, at: at(104))
        #expect(book.losses.map(\.isOut) == [true])
        #expect(book.losses.map(\.sign) == [.broken])
        #expect(book.losses.map(\.noticed) == [at(100)])
        #expect(book.losses.map(\.decided) == [at(104)])
    }

    @Test mutating func `the first request that moves decides, before the backend is out`() {
        book.note(.broken, subject("a"), words: "cut", isOut: false, at: at(100))
        book.moved(from: "a", at: at(101))
        book.moved(from: "a", at: at(102))
        lose("a", at: 150)
        #expect(book.losses.map(\.decided) == [at(101)])
    }

    @Test mutating func `the first answer of another backend of the model is the first served`() {
        lose("a", at: 100)
        book.served("m", by: "a", at: at(105))
        book.served("other", by: "b", at: at(106))
        #expect(book.isWaiting)
        book.served("m", by: "b", at: at(120))
        book.served("m", by: "c", at: at(121))
        #expect(!book.isWaiting)
        #expect(book.losses.first?.models["m"]?.served == at(120))
        #expect(book.losses.first?.models["m"]?.servedBy == "b")
        #expect(book.losses.first?.models["other"] == nil)
    }

    @Test mutating func `a request that it broke is served elsewhere, though it is back already`() {
        lose("a", at: 100)
        book.back("a", at: at(150))
        book.served("m", by: "b", at: at(160))
        #expect(book.losses.first?.models["m"]?.served == nil)
        book.served("m", by: "b", after: "a", at: at(170))
        #expect(book.losses.first?.models["m"]?.served == at(170))
    }

    @Test mutating func `each model of a backend waits for its own answer`() {
        lose("a", at: 100, models: ["m", "n"])
        book.served("m", by: "b", at: at(120))
        #expect(book.isWaiting)
        book.served("n", by: "c", at: at(130))
        #expect(!book.isWaiting)
    }

    @Test mutating func `a backend that is back ends its loss, and the next one has a number of its own`() {
        lose("a", at: 100)
        book.back("a", at: at(200))
        book.back("a", at: at(300))
        #expect(!book.isWaiting)
        book.served("m", by: "b", at: at(310))
        #expect(book.losses.first?.models["m"]?.served == nil, "what came after it was no failover")
        lose("a", at: 400)
        #expect(book.losses.map(\.number) == [1, 2])
        #expect(book.losses.map(\.back) == [at(200), nil])
    }

    @Test(arguments: [
        (LossBook.Fate.retried, FailoverCounts(retried: 1)),
        (.continued, FailoverCounts(continued: 1)),
        (.failed, FailoverCounts(failed: 1)),
        (.broken(tokens: 7), FailoverCounts(broken: 1, lostTokens: 7)),
    ])
    mutating func `what becomes of a request is counted, also when its backend is back`(
        fate: LossBook.Fate, counts: FailoverCounts
    ) {
        lose("a", at: 100)
        book.back("a", at: at(200))
        book.count(fate, of: "m", from: "a")
        book.count(fate, of: "m", from: "unknown")
        #expect(book.losses.first?.models["m"]?.counts == counts)
    }

    @Test mutating func `a single broken stream is no loss after a while`() {
        book.note(.broken, subject("a"), words: "cut", isOut: false, at: at(100))
        book.tick(at(5_099))
        #expect(book.isWaiting)
        book.tick(at(5_100))
        #expect(!book.isWaiting)
        lose("a", at: 6_000)
        #expect(book.losses.map(\.number) == [1, 2])
    }

    @Test mutating func `it stays small, and the newest stay`() {
        for number in 1...100 { lose("backend \(number)", at: Int64(number)) }
        #expect(book.losses.count == LossBook.capacity)
        #expect(book.losses.last?.number == 100)
    }
}
