import StokerCore
import Testing

@Suite("Retry budget")
struct RetryBudgetTests {
    /// How many of so many retries are granted at one moment.
    static func granted(_ asked: Int, of budget: inout RetryBudget, requests: UInt64, at now: Duration) -> Int {
        (0..<asked).count { _ in budget.take(requests: requests, at: now) }
    }

    @Test("ten are there without any request")
    func rest() {
        var budget = RetryBudget(at: .zero)
        #expect(Self.granted(50, of: &budget, requests: 0, at: .zero) == 10)
    }

    @Test("three come back in a second")
    func pace() {
        var budget = RetryBudget(at: .zero)
        _ = Self.granted(50, of: &budget, requests: 0, at: .zero)
        #expect(Self.granted(50, of: &budget, requests: 0, at: .seconds(1)) == 3)
        #expect(Self.granted(50, of: &budget, requests: 0, at: .milliseconds(1100)) == 0)
        #expect(Self.granted(50, of: &budget, requests: 0, at: .seconds(3600)) == 10)
    }

    @Test("each request earns a tenth of a retry")
    func share() {
        var budget = RetryBudget(at: .zero)
        _ = Self.granted(50, of: &budget, requests: 0, at: .zero)
        #expect(Self.granted(50, of: &budget, requests: 200, at: .zero) == 20)
        #expect(Self.granted(50, of: &budget, requests: 210, at: .zero) == 1)
    }

    @Test("a hundred at most are saved up")
    func cap() {
        var budget = RetryBudget(at: .zero)
        #expect(Self.granted(500, of: &budget, requests: 1_000_000, at: .zero) == 110)
    }

    @Test("where every answer is an error, retries are a tenth of the requests and three a second")
    func storm() {
        var budget = RetryBudget(at: .zero)
        var retries = 0
        for request in 1...2000 {
            let now = Duration.milliseconds(request)
            for _ in 0..<2 where budget.take(requests: UInt64(request), at: now) { retries += 1 }
        }
        #expect((200...220).contains(retries))
    }

    @Test("a count that begins anew and a clock that jumps back give nothing away")
    func jumps() {
        var budget = RetryBudget(at: .seconds(100))
        _ = Self.granted(500, of: &budget, requests: 1000, at: .seconds(100))
        #expect(Self.granted(50, of: &budget, requests: 5, at: .seconds(10)) == 0)
        #expect(Self.granted(50, of: &budget, requests: 15, at: .seconds(100)) == 1)
    }
}
