import StokerCore
import StokerTesting
import Testing

@Suite struct AffinityTests {
    private let tier = [[0, 1, 2]]

    private func home(_ key: UInt64, _ view: FakeView, avoiding tried: [Int] = [], turn: Int = 0) -> Int? {
        var balancer = Balancer(turn: turn)
        guard case .backend(let found) = balancer.choose(among: tier, avoiding: tried, key: key, in: view) else {
            return nil
        }
        return found
    }

    @Test func `equal prefixes go to the same backend, whoever chooses`() {
        let idle = FakeView(loads: [0, 0, 0])
        for key in 0..<50 as Range<UInt64> {
            let homes = Set((0..<9).map { home(key, idle, turn: $0) })
            #expect(homes.count == 1)
        }
    }

    @Test func `prefixes are dealt evenly`() {
        let idle = FakeView(loads: [0, 0, 0])
        var counts = [0, 0, 0]
        for key in 0..<3000 as Range<UInt64> { counts[home(PrefixHash.mix(key, 1), idle) ?? 0] += 1 }
        #expect(counts.allSatisfy { (900...1100).contains($0) }, "\(counts)")
    }

    @Test func `one that leaves takes only its own prefixes along`() {
        let all = FakeView(loads: [0, 0, 0])
        let rest = FakeView(loads: [0, 0, 0], down: [1])
        for key in 0..<200 as Range<UInt64> {
            let before = home(key, all)
            if before != 1 { #expect(home(key, rest) == before) }
        }
    }

    @Test func `a home that has more than its part sends on to the next, the same for all`() {
        let idle = FakeView(loads: [0, 0, 0])
        for key in 0..<50 as Range<UInt64> {
            guard let first = home(key, idle), let second = home(key, idle, avoiding: [first]) else {
                Issue.record("nobody")
                return
            }
            var busy = idle
            busy.loads = [4, 4, 4]
            busy.loads[first] = 7
            #expect(home(key, busy) == second, "8 of 16 is more than 1.25 times a third, rounded up")
            busy.loads[first] = 6
            #expect(home(key, busy) == first)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `however the prefixes are, nobody gets beyond 1.25 times the mean, rounded up`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var view = FakeView(loads: [0, 0, 0])
        for total in 1...300 {
            // Half of all requests have one prefix.
            let key = random.next() % 2 == 0 ? 7 : random.next() % 20
            guard let chosen = home(key, view) else { return }
            view.loads[chosen] += 1
            let bound = (5 * total + 11) / 12
            #expect(view.loads[chosen] <= bound)
        }
    }

    @Test func `twice the slots are twice the part`() {
        var view = FakeView(loads: [0, 0, 0])
        view.limits = [0: 40, 1: 20, 2: 20]
        for _ in 0..<80 {
            guard let chosen = home(3, view) else { break }
            view.loads[chosen] += 1
        }
        #expect(view.loads == [40, 20, 20])
        #expect(home(3, view) == nil)
    }

    @Test func `one that warms up is home to no more than its share, and to one request at least`() {
        var view = FakeView(loads: [0, 0, 0])
        let key: UInt64 = 11
        guard let first = home(key, view) else {
            Issue.record("nobody")
            return
        }
        view.shares[first] = Balancer.fullShare / 10
        #expect(home(key, view) == first)
        view.loads[first] = 1
        #expect(home(key, view) != first)
    }

    @Test func `the hash of a text is the same in every release`() {
        #expect(PrefixHash.of("engine-a") == 3_105_522_880_366_147_419)
        #expect(PrefixHash.of("") != PrefixHash.of("\0"))
        #expect(PrefixHash.of("ab") != PrefixHash.of("ba"))
    }

    @Test func `texts that differ in one byte have unlike hashes`() {
        var seen: Set<UInt64> = []
        for length in 0..<64 {
            for place in 0..<max(1, length) {
                var bytes = [UInt8](repeating: 0x61, count: length)
                if length > 0 { bytes[place] = 0x62 }
                var hash = PrefixHash()
                hash.add(bytes.span, 0..<bytes.count)
                seen.insert(hash.value)
            }
        }
        #expect(seen.count == 1 + 63 * 64 / 2)
    }
}
