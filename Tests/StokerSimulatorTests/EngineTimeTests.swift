import StokerSimulator
import Testing

@Suite struct EngineClockTests {
    @Test func `unfrozen, it is the real clock`() {
        let clock = EngineClock()
        #expect(clock.reading(at: 500) == 500)
        #expect(clock.moment(of: 700) == 700)
        #expect(!clock.isFrozen)
    }

    @Test func `frozen, it stands still and nobody knows when anything will be`() {
        var clock = EngineClock()
        clock.freeze(at: 100)
        #expect(clock.reading(at: 100) == 100)
        #expect(clock.reading(at: 5000) == 100)
        #expect(clock.moment(of: 200) == nil)
    }

    @Test func `after a freeze everything is later by exactly its length`() {
        var clock = EngineClock()
        clock.freeze(at: 100)
        clock.thaw(at: 350)
        #expect(clock.moment(of: 200) == 450)
        #expect(clock.reading(at: 450) == 200)
    }

    @Test func `several freezes add up; a second freeze or thaw in a row is none`() {
        var clock = EngineClock()
        for start in [100, 1000] as [Int64] {
            clock.freeze(at: start)
            clock.freeze(at: start + 5)
            clock.thaw(at: start + 10)
            clock.thaw(at: start + 500)
        }
        #expect(clock.reading(at: 2000) == 1980)
    }
}

@Suite struct DueHeapTests {
    @Test func `what is due comes out, the earliest first, and nothing early`() {
        var heap = DueHeap()
        for (id, due) in [(1, 30), (2, 10), (3, 20), (4, 40)] as [(UInt64, Int64)] { heap.push(id, at: due) }
        #expect(heap.next == 10)
        #expect(heap.popDue(at: 9) == nil)
        #expect(heap.popDue(at: 25) == 2)
        #expect(heap.popDue(at: 25) == 3)
        #expect(heap.popDue(at: 25) == nil)
        #expect(heap.count == 2)
    }

    @Test func `it sorts whatever it gets`() {
        var random = SeededRandom(seed: 9)
        var heap = DueHeap()
        var dues: [UInt64: Int64] = [:]
        for id in 0..<1000 as Range<UInt64> {
            let due = Int64(random.next() % 500)
            dues[id] = due
            heap.push(id, at: due)
        }
        var order: [Int64] = []
        while let id = heap.popDue(at: .max) { order.append(dues[id] ?? -1) }
        #expect(order == dues.values.sorted())
        #expect(heap.next == nil)
    }

    @Test func `pushes between pops keep the order`() {
        var heap = DueHeap()
        var last: Int64 = 0
        for step in 0..<500 as Range<Int64> {
            heap.push(UInt64(step), at: step + (step * 37) % 11)
            guard step > 20 else { continue }
            let next = heap.next ?? 0
            #expect(next >= last - 11)
            last = max(last, next)
            #expect(heap.popDue(at: next) != nil)
        }
    }
}

@Suite struct LatenessTests {
    @Test func `nothing is late before anything came`() {
        let late = Lateness()
        #expect(late.quantile(0.5) == 0)
        #expect(late.most == 0)
    }

    @Test func `quantiles are never below the truth, and at most a quarter above it`() {
        var late = Lateness()
        for value in 1...1000 as ClosedRange<Int64> { late.record(value * 10_000) }
        for share in [0.1, 0.5, 0.9, 0.99] {
            let truth = Int64(share * 1000) * 10_000
            #expect(late.quantile(share) >= truth)
            #expect(late.quantile(share) <= truth * 5 / 4 + 10_000)
        }
        #expect(late.quantile(1) == 10_000_000)
        #expect(late.most == 10_000_000)
    }

    @Test(arguments: [0, -5, 1, Int64.max]) func `any number has a bucket`(value: Int64) {
        var late = Lateness()
        late.record(value)
        #expect(late.quantile(1) == max(0, value))
    }
}
