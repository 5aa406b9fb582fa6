import StokerCore
import StokerTesting
import Testing

/// Backends as a test wants them.
struct FakeView: BackendView {
    var loads: [Int]
    var standings: [Int: Standing] = [:]
    var limits: [Int: Int] = [:]
    var shares: [Int: Int] = [:]

    init(loads: [Int], down: Set<Int> = []) {
        self.loads = loads
        for backend in down { standings[backend] = .out }
    }

    func standing(_ backend: Int) -> Standing { standings[backend] ?? .good }
    func inFlight(_ backend: Int) -> Int { loads[backend] }
    func limit(_ backend: Int) -> Int { limits[backend] ?? Int.max }
    func share(_ backend: Int) -> Int { shares[backend] ?? Balancer.fullShare }
    func seed(_ backend: Int) -> UInt64 { PrefixHash.of("engine-\(backend)") }
}

@Suite struct BalancerTests {
    @Test func `the backend with the fewest requests in flight is chosen`() {
        var balancer = Balancer()
        for _ in 0..<5 { #expect(balancer.choose(among: [[0, 1, 2]], in: FakeView(loads: [4, 2, 3])) == .backend(1)) }
    }

    @Test func `equals take turns`() {
        var balancer = Balancer()
        var counts = [0, 0, 0]
        for _ in 0..<300 {
            if case .backend(let choice) = balancer.choose(among: [[0, 1, 2]], in: FakeView(loads: [1, 1, 1])) {
                counts[choice] += 1
            }
        }
        #expect(counts == [100, 100, 100])
    }

    @Test func `a later tier is used only when no backend of an earlier one is usable`() {
        var balancer = Balancer()
        let tiers = [[0, 1], [2]]
        #expect(balancer.choose(among: tiers, in: FakeView(loads: [9, 8, 0])) == .backend(1))
        #expect(balancer.choose(among: tiers, in: FakeView(loads: [9, 8, 0], down: [1])) == .backend(0))
        #expect(balancer.choose(among: tiers, in: FakeView(loads: [9, 8, 0], down: [0, 1])) == .backend(2))
        #expect(balancer.choose(among: tiers, in: FakeView(loads: [9, 8, 0], down: [0, 1, 2])) == .none)
    }

    @Test func `what was tried is not chosen again, even if the next tier has to help`() {
        var balancer = Balancer()
        let view = FakeView(loads: [0, 0, 0])
        #expect(balancer.choose(among: [[0, 1], [2]], avoiding: [0], in: view) == .backend(1))
        #expect(balancer.choose(among: [[0, 1], [2]], avoiding: [0, 1], in: view) == .backend(2))
        #expect(balancer.choose(among: [[0, 1], [2]], avoiding: [0, 1, 2], in: view) == .none)
        #expect(balancer.choose(among: [[], []], in: view) == .none)
    }

    @Test func `a full tier sends what it cannot take to the next, and all full is no failure`() {
        var balancer = Balancer()
        var view = FakeView(loads: [2, 3, 0])
        view.limits = [0: 2, 1: 4, 2: 1]
        #expect(balancer.choose(among: [[0, 1], [2]], in: view) == .backend(1))
        view.loads = [2, 4, 0]
        #expect(balancer.choose(among: [[0, 1], [2]], in: view) == .backend(2))
        view.loads = [2, 4, 1]
        #expect(balancer.choose(among: [[0, 1], [2]], in: view) == .full)
        #expect(balancer.choose(among: [[0, 1], [2]], avoiding: [0, 1, 2], in: view) == .none)
        #expect(balancer.choose(among: [[0, 1], [2]], in: Overflow(view)) == .backend(0))
    }

    @Test func `one that is silent is asked only where nobody else is, and not because the others are full`() {
        var balancer = Balancer()
        var view = FakeView(loads: [0, 3, 5])
        view.standings = [0: .doubtful]
        view.limits = [1: 4]
        #expect(balancer.choose(among: [[0, 1], [2]], in: view) == .backend(1))
        #expect(balancer.choose(among: [[0], [2]], in: view) == .backend(2), "the next tier before a silent one")
        view.loads[1] = 4
        #expect(balancer.choose(among: [[0, 1]], in: view) == .full)
        view.standings[1] = .out
        #expect(balancer.choose(among: [[0, 1]], in: view) == .backend(0))
    }

    @Test func `of last resort is whoever is not known to be dead`() {
        var balancer = Balancer()
        var view = FakeView(loads: [0, 0, 0])
        view.standings = [0: .lastResort, 1: .out]
        #expect(balancer.choose(among: [[0, 1], [2]], in: view) == .backend(2))
        #expect(balancer.choose(among: [[0, 1]], in: view) == .backend(0))
        #expect(balancer.choose(among: [[1]], in: view) == .none)
    }

    @Test func `one on trial gets the next request, but none that has failed already while others are there`() {
        var balancer = Balancer()
        var view = FakeView(loads: [0, 0, 7])
        view.standings = [2: .onTrial]
        #expect(balancer.choose(among: [[0, 1, 2]], in: view) == .backend(2))
        #expect(balancer.choose(among: [[0, 1, 2]], avoiding: [0], in: view) == .backend(1))
        #expect(balancer.choose(among: [[0, 1, 2]], avoiding: [0, 1], in: view) == .backend(2))
        #expect(balancer.choose(among: [[0], [1, 2]], in: view) == .backend(0), "its tier is not asked")
        view.limits = [2: 7]
        #expect(balancer.choose(among: [[0, 1, 2]], in: view) != .backend(2), "it is full with older requests")
    }

    @Test func `one with a tenth of the share gets a tenth of what the others have`() {
        var balancer = Balancer()
        var view = FakeView(loads: [0, 0, 0])
        view.shares = [2: Balancer.fullShare / 10]
        var counts = [0, 0, 0]
        for _ in 0..<210 {
            guard case .backend(let choice) = balancer.choose(among: [[0, 1, 2]], in: view) else { continue }
            view.loads[choice] += 1
            counts[choice] += 1
        }
        #expect((10...11).contains(counts[2]))
    }

    @Test func `where nobody has anything to do, it gets each tenth request`() {
        var balancer = Balancer()
        var view = FakeView(loads: [0, 0])
        view.shares = [1: Balancer.fullShare / 10]
        let chosen = (0..<200).count { _ in balancer.choose(among: [[0, 1]], in: view) == .backend(1) }
        #expect((10...20).contains(chosen))
    }
}
