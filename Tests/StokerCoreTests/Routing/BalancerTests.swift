import StokerCore
import Testing

@Suite("Balancer")
struct BalancerTests {
    struct View: BackendView {
        var loads: [Int]
        var down: Set<Int> = []

        func isUsable(_ backend: Int) -> Bool { !down.contains(backend) }
        func inFlight(_ backend: Int) -> Int { loads[backend] }
    }

    @Test("the backend with the fewest requests in flight is chosen")
    func fewest() {
        var balancer = Balancer()
        for _ in 0..<5 { #expect(balancer.choose(among: [[0, 1, 2]], in: View(loads: [4, 2, 3])) == 1) }
    }

    @Test("equals take turns")
    func turns() {
        var balancer = Balancer()
        var counts = [0, 0, 0]
        for _ in 0..<300 {
            if let choice = balancer.choose(among: [[0, 1, 2]], in: View(loads: [1, 1, 1])) { counts[choice] += 1 }
        }
        #expect(counts == [100, 100, 100])
    }

    @Test("a later tier is used only when no backend of an earlier one is usable")
    func tiers() {
        var balancer = Balancer()
        let tiers = [[0, 1], [2]]
        #expect(balancer.choose(among: tiers, in: View(loads: [9, 8, 0])) == 1)
        #expect(balancer.choose(among: tiers, in: View(loads: [9, 8, 0], down: [1])) == 0)
        #expect(balancer.choose(among: tiers, in: View(loads: [9, 8, 0], down: [0, 1])) == 2)
        #expect(balancer.choose(among: tiers, in: View(loads: [9, 8, 0], down: [0, 1, 2])) == nil)
    }

    @Test("what was tried is not chosen again, even if the next tier has to help")
    func tried() {
        var balancer = Balancer()
        let view = View(loads: [0, 0, 0])
        #expect(balancer.choose(among: [[0, 1], [2]], avoiding: [0], in: view) == 1)
        #expect(balancer.choose(among: [[0, 1], [2]], avoiding: [0, 1], in: view) == 2)
        #expect(balancer.choose(among: [[0, 1], [2]], avoiding: [0, 1, 2], in: view) == nil)
        #expect(balancer.choose(among: [[], []], in: view) == nil)
    }
}

@Suite("Backend recovery")
struct BackendRecoveryTests {
    static func delay(_ effect: BackendRecovery.Effect?) -> Duration? {
        if case .ask(let after, _) = effect { after } else { nil }
    }

    @Test("the first failure takes it out, the others of the same moment change nothing")
    func first() {
        var recovery = BackendRecovery()
        #expect(recovery.handle(.connectionFailed, jitter: 0.5) == .ask(after: .milliseconds(100), generation: 1))
        #expect(!recovery.isWorking)
        #expect(recovery.handle(.connectionFailed, jitter: 0.5) == nil)
    }

    @Test("it is asked less and less often, every 2 s at last, and taken back at the first answer")
    func backoff() {
        var recovery = BackendRecovery()
        var delays = [Self.delay(recovery.handle(.connectionFailed, jitter: 0.5))]
        for _ in 0..<6 { delays.append(Self.delay(recovery.handle(.silent(generation: 1), jitter: 0.5))) }
        #expect(delays == [100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
        #expect(recovery.handle(.answered(generation: 1), jitter: 0) == .readmit)
        #expect(recovery.isWorking)
        #expect(recovery.handle(.connectionFailed, jitter: 0.5) == .ask(after: .milliseconds(100), generation: 2))
    }

    @Test("the answer to an older question means nothing")
    func late() {
        var recovery = BackendRecovery()
        _ = recovery.handle(.connectionFailed, jitter: 0)
        _ = recovery.handle(.answered(generation: 1), jitter: 0)
        _ = recovery.handle(.connectionFailed, jitter: 0)
        #expect(recovery.handle(.answered(generation: 1), jitter: 0) == nil)
        #expect(recovery.handle(.silent(generation: 1), jitter: 0) == nil)
        #expect(!recovery.isWorking)
    }

    @Test("when the control plane vouches for it, it is asked at once")
    func vouched() {
        var recovery = BackendRecovery()
        #expect(recovery.handle(.vouched, jitter: 0.5) == nil)
        _ = recovery.handle(.connectionFailed, jitter: 0.5)
        #expect(recovery.handle(.vouched, jitter: 0.5) == .ask(after: .zero, generation: 2))
        #expect(recovery.handle(.silent(generation: 1), jitter: 0.5) == nil)
    }

    @Test("jitter spreads the waits by a tenth at most")
    func jitter() {
        for jitter in [-1, 0, 0.5, 1, 2] {
            var recovery = BackendRecovery()
            let delay = Self.delay(recovery.handle(.connectionFailed, jitter: jitter)) ?? .zero
            #expect(delay >= .milliseconds(89) && delay <= .milliseconds(111))
        }
    }
}
