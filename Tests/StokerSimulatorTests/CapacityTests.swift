import StokerSimulator
import Testing

private func ticket(_ entry: Slots.Entry) -> Slots.Ticket? {
    switch entry {
    case .starts(let ticket), .waits(let ticket): ticket
    case .refused: nil
    }
}

@Suite struct SlotsTests {
    @Test func `without a bound everybody starts`() {
        var slots = Slots(capacity: 0)
        for number in 1...100 as ClosedRange<UInt64> { #expect(slots.enter() == .starts(number)) }
        #expect((slots.runningCount, slots.waitingCount) == (100, 0))
        #expect(slots.pressure == 0)
    }

    @Test func `beyond the bound they wait, and start in the order in which they came`() {
        var slots = Slots(capacity: 2)
        let entries = (0..<5).map { _ in slots.enter() }
        #expect(entries == [.starts(1), .starts(2), .waits(3), .waits(4), .waits(5)])
        #expect(slots.leave(2) == [3])
        #expect(slots.leave(1) == [4])
        #expect((slots.runningCount, slots.waitingCount) == (2, 1))
    }

    @Test func `whoever gives up while waiting is passed over`() {
        var slots = Slots(capacity: 1)
        for _ in 0..<3 { _ = slots.enter() }
        #expect(slots.leave(2).isEmpty)
        #expect(slots.leave(1) == [3])
        #expect(slots.leave(3).isEmpty)
        #expect((slots.runningCount, slots.waitingCount) == (0, 0))
    }

    @Test func `leaving twice frees one slot only`() {
        var slots = Slots(capacity: 1)
        for _ in 0..<3 { _ = slots.enter() }
        #expect(slots.leave(1) == [2])
        #expect(slots.leave(1).isEmpty)
        #expect((slots.runningCount, slots.waitingCount) == (1, 1))
    }

    @Test(arguments: 0...3) func `a full queue refuses, and takes again when there is room`(queue: Int) {
        var slots = Slots(capacity: 1, queue: queue)
        let entries = (0..<5).map { _ in slots.enter() }
        #expect(entries.count { $0 == .refused } == 4 - queue)
        _ = slots.leave(1)
        #expect(slots.enter() != .refused)
    }

    @Test func `memory bounds who runs, and nobody overtakes`() {
        var slots = Slots(capacity: 0, tokens: 100)
        #expect(slots.enter(tokens: 60) == .starts(1))
        #expect(slots.enter(tokens: 60) == .waits(2))
        #expect(slots.enter(tokens: 10) == .waits(3))
        #expect(slots.heldTokens == 60)
        #expect(slots.leave(1) == [2, 3])
        #expect(slots.heldTokens == 70)
    }

    @Test func `one that is larger than the memory runs alone`() {
        var slots = Slots(capacity: 0, tokens: 100)
        #expect(slots.enter(tokens: 1000) == .starts(1))
        #expect(slots.enter(tokens: 1) == .waits(2))
        #expect(slots.leave(1) == [2])
    }

    @Test(arguments: [(1, 0.0), (2, 0.25), (3, 0.5), (5, 1.0)]) func `pressure grows from one request to all slots`(
        running: Int, pressure: Double
    ) {
        var slots = Slots(capacity: 5)
        for _ in 0..<running { _ = slots.enter() }
        #expect(slots.pressure == pressure)
    }

    @Test func `memory is given back to the last token`() {
        var slots = Slots(capacity: 3, tokens: 500)
        var random = SeededRandom(seed: 2)
        var tickets: [Slots.Ticket] = []
        for _ in 0..<500 {
            if random.next() % 2 == 0, let ticket = ticket(slots.enter(tokens: Int(random.next() % 300))) {
                tickets.append(ticket)
            } else if !tickets.isEmpty {
                _ = slots.leave(tickets.remove(at: Int(random.next() % UInt64(tickets.count))))
            }
            #expect(slots.runningCount <= 3)
            #expect(slots.heldTokens <= 500)
        }
        for ticket in tickets { _ = slots.leave(ticket) }
        #expect((slots.runningCount, slots.waitingCount, slots.heldTokens) == (0, 0, 0))
    }
}

@Suite struct PrefixCacheTests {
    private func words(_ range: Range<Int>) -> [Substring] { range.map { Substring("w\($0)") } }

    @Test func `a prompt is known from its second time on, in whole blocks`() {
        var cache = PrefixCache(tokens: 1600)
        #expect(cache.take(words(0..<40)) == 0)
        #expect(cache.take(words(0..<40)) == 32)
        #expect(cache.cachedTokens == 32)
    }

    @Test(arguments: [(0, 0), (15, 0), (16, 16), (31, 16), (32, 32), (64, 64)])
    func `a shared beginning is known, and only that`(shared: Int, hits: Int) {
        var cache = PrefixCache(tokens: 16_000)
        _ = cache.take(words(0..<64))
        #expect(cache.take(words(0..<shared) + words(1000..<1064)) == hits)
    }

    @Test func `the same words after another beginning are not known`() {
        var cache = PrefixCache(tokens: 1600)
        _ = cache.take(words(0..<32))
        #expect(cache.take(words(100..<116) + words(16..<32)) == 0)
    }

    @Test func `the longest unused go first`() {
        var cache = PrefixCache(tokens: 48)
        for start in [0, 100, 200] { _ = cache.take(words(start..<start + 16)) }
        #expect(cache.take(words(0..<16)) == 16)
        _ = cache.take(words(300..<316))
        #expect(cache.cachedTokens == 48)
        #expect(cache.take(words(0..<16)) == 16)
        #expect(cache.take(words(100..<116)) == 0)
    }

    @Test func `without memory nothing is known; cleared, nothing is known any more`() {
        var none = PrefixCache(tokens: 0)
        _ = none.take(words(0..<64))
        #expect(none.take(words(0..<64)) == 0)
        var cache = PrefixCache(tokens: 1600)
        _ = cache.take(words(0..<64))
        cache.clear()
        #expect(cache.take(words(0..<64)) == 0)
    }

    @Test func `it never holds more than fits, however long it is used`() {
        var cache = PrefixCache(tokens: 160)
        for round in 0..<2000 {
            _ = cache.take(words(round % 37 * 100..<round % 37 * 100 + 64))
            #expect(cache.cachedTokens <= 160)
        }
    }
}

@Suite struct LedgerTests {
    private func ended(_ ledger: inout Ledger, _ outcome: Ledger.Outcome = .stop) {
        let id = ledger.begin()
        ledger.end(Ledger.Record(id: id, outcome: outcome))
    }

    @Test func `it counts what came, what is here and the most that was`() {
        var ledger = Ledger()
        let ids = (0..<3).map { _ in ledger.begin() }
        #expect(ids == [1, 2, 3])
        for id in ids { ledger.end(Ledger.Record(id: id)) }
        #expect((ledger.received, ledger.inFlight, ledger.mostInFlight) == (3, 0, 3))
    }

    @Test(arguments: Ledger.Outcome.allCases) func `each outcome is counted by itself`(outcome: Ledger.Outcome) {
        var ledger = Ledger()
        ended(&ledger, outcome)
        for other in Ledger.Outcome.allCases { #expect(ledger.count(other) == (other == outcome ? 1 : 0)) }
    }

    @Test(arguments: [(0, []), (2, [4, 5]), (9, [1, 2, 3, 4, 5]), (-1, [])] as [(Int, [UInt64])])
    func `the latest are given, oldest first`(limit: Int, ids: [UInt64]) {
        var ledger = Ledger()
        for _ in 0..<5 { ended(&ledger) }
        #expect(ledger.latest(limit).map(\.id) == ids)
    }

    @Test func `it remembers a bounded number`() {
        var ledger = Ledger()
        for _ in 0..<Ledger.capacity + 7 { ended(&ledger) }
        let all = ledger.latest(.max)
        #expect(all.count == Ledger.capacity)
        #expect(all.first?.id == 8)
        #expect(all.last?.id == UInt64(Ledger.capacity + 7))
    }
}
