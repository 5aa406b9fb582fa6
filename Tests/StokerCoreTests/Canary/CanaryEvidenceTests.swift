import StokerCore
import Testing

@Suite struct CanaryEvidenceTests {
    private func attempts(_ begun: Int, failed: Int = 0, times: [Int] = []) -> FirstAttempts {
        FirstAttempts(begun: begun, failed: failed, timed: times.count, times: times)
    }

    @Test func `nothing seen is a wealth of 1`() {
        #expect(abs(CanaryEvidence().wealth - 1) < 1e-12)
        #expect(!CanaryEvidence().isDamning)
    }

    @Test func `successes alone are evidence for nobody`() {
        var evidence = CanaryEvidence()
        for second in 1...1000 { evidence.look(canary: attempts(5), stable: attempts(5), at: .seconds(second)) }
        #expect(abs(evidence.wealth - 1) < 1e-12)
    }

    @Test func `one failure of a canary with half of the clients at most doubles what is put on failures`() {
        var evidence = CanaryEvidence()
        let before = evidence.failures
        evidence.look(canary: attempts(50, failed: 1), stable: attempts(50), at: .seconds(1))
        #expect(evidence.failures > before * 1.8 && evidence.failures < before * 2)
    }

    @Test func `the rarer the canary the more its failure says`() {
        func gain(_ canary: Int, _ stable: Int) -> Double {
            var evidence = CanaryEvidence()
            evidence.look(canary: attempts(canary, failed: 1), stable: attempts(stable), at: .seconds(1))
            return evidence.wealth
        }
        #expect(gain(5, 95) > gain(20, 80))
        #expect(gain(20, 80) > gain(50, 50))
        #expect(gain(50, 50) > gain(95, 5))
    }

    @Test func `failures of stable speak for the canary`() {
        var evidence = CanaryEvidence()
        evidence.look(canary: attempts(50), stable: attempts(50, failed: 3), at: .seconds(1))
        #expect(evidence.wealth < 1)
    }

    @Test func `a block with one side only says nothing`() {
        var evidence = CanaryEvidence()
        evidence.look(canary: attempts(100, failed: 100), stable: attempts(0), at: .seconds(1))
        evidence.look(canary: attempts(0), stable: attempts(100, failed: 100), at: .seconds(2))
        #expect(abs(evidence.wealth - 1) < 1e-12)
    }

    @Test func `an open block waits for its size or its age`() {
        var evidence = CanaryEvidence()
        evidence.look(canary: attempts(2, failed: 2), stable: attempts(2), at: .seconds(1))
        #expect(abs(evidence.wealth - 1) < 1e-12)
        evidence.look(canary: attempts(0), stable: attempts(0), at: .seconds(1) + CanaryEvidence.blockAge)
        #expect(evidence.wealth > 1)
    }

    @Test func `a new split forgets the open block and keeps the wealth`() {
        var evidence = CanaryEvidence()
        evidence.look(canary: attempts(20, failed: 2), stable: attempts(20), at: .seconds(1))
        let wealth = evidence.wealth
        evidence.look(canary: attempts(2, failed: 2), stable: attempts(2), at: .seconds(2))
        evidence.begin()
        evidence.look(canary: attempts(0), stable: attempts(0), at: .seconds(100))
        #expect(evidence.wealth == wealth)
    }

    @Test func `more failures than requests and a thousand at once leave it a number`() {
        var evidence = CanaryEvidence()
        for second in 1...50 {
            evidence.look(canary: attempts(0, failed: 5000), stable: attempts(1, failed: 9), at: .seconds(second))
            #expect(evidence.wealth.isFinite)
        }
        for second in 51...100 {
            evidence.look(canary: attempts(9000), stable: attempts(9000, failed: 9000), at: .seconds(second))
        }
        #expect(evidence.wealth > 0 && evidence.wealth < CanaryEvidence.limit)
    }

    // MARK: The bets are fair

    /// Exact: the mean over all ways in which the failures of a block can fall, each as likely as by lot.
    @Test(arguments: [(4, 16, 1), (8, 12, 3), (10, 10, 6), (2, 18, 10), (19, 1, 5), (10, 10, 20)])
    func `the mean wealth after a block is at most 1 if failures fall by lot`(canary: Int, stable: Int, failed: Int) {
        var mean = 0.0
        var total = 0.0
        for hits in max(0, failed - stable)...min(canary, failed) {
            let ways = Self.choose(canary, hits) * Self.choose(stable, failed - hits)
            var evidence = CanaryEvidence()
            evidence.look(
                canary: attempts(canary, failed: hits), stable: attempts(stable, failed: failed - hits),
                at: .seconds(1))
            mean += ways * evidence.wealth
            total += ways
        }
        #expect(mean / total <= 1 + 1e-9)
    }

    private static func choose(_ count: Int, _ chosen: Int) -> Double {
        (0..<chosen).reduce(1.0) { $0 * Double(count - $1) / Double($1 + 1) }
    }

    @Test func `a hit and a miss that are equally likely leave the mean wealth at 1`() {
        var (hit, miss) = (CanaryEvidence.warm(), CanaryEvidence.warm())
        hit.look(canary: attempts(1, times: [126]), stable: attempts(1, times: [100]), at: .seconds(1))
        miss.look(canary: attempts(1, times: [125]), stable: attempts(1, times: [100]), at: .seconds(1))
        #expect(hit.wealth > 1 && miss.wealth < 1)
        #expect(abs(hit.wealth + miss.wealth - 2) < 1e-9)
    }

    // MARK: Times

    @Test func `the first times of a canary are not compared`() {
        var evidence = CanaryEvidence()
        for second in 1...CanaryEvidence.coldTimes {
            evidence.look(canary: attempts(1, times: [9999]), stable: attempts(1, times: [1]), at: .seconds(second))
        }
        #expect(evidence.pairs == 0)
        evidence.look(canary: attempts(1, times: [9999]), stable: attempts(1, times: [1]), at: .seconds(99))
        #expect(evidence.pairs == 1 && evidence.hits == 1)
    }

    @Test func `each time is paired once, with one of its moment`() {
        var evidence = CanaryEvidence.warm()
        evidence.look(canary: attempts(3, times: [1, 2, 3]), stable: attempts(1, times: [9]), at: .seconds(1))
        #expect(evidence.pairs == 1)
        evidence.look(canary: attempts(0), stable: attempts(5, times: [9, 9, 9, 9, 9]), at: .seconds(2))
        #expect(evidence.pairs == 3)
        // What was left of stable's is not kept for later.
        evidence.look(canary: attempts(2, times: [1, 1]), stable: attempts(0), at: .seconds(3))
        #expect(evidence.pairs == 3)
    }

    @Test func `forty times of twice the length are enough`() {
        var evidence = CanaryEvidence.warm()
        for second in 1...40 where !evidence.isDamning {
            evidence.look(canary: attempts(1, times: [200]), stable: attempts(1, times: [100]), at: .seconds(second))
        }
        #expect(evidence.isDamning)
        #expect(evidence.slowness > evidence.failures)
    }

    @Test func `times of any size leave it a number`() {
        var evidence = CanaryEvidence.warm()
        evidence.look(
            canary: attempts(3, times: [.max, 0, .min]), stable: attempts(3, times: [.max, 0, .min]), at: .seconds(1))
        #expect(evidence.wealth.isFinite)
    }
}

extension CanaryEvidence {
    /// One whose first times are behind it.
    static func warm() -> CanaryEvidence {
        var evidence = CanaryEvidence()
        let times = Array(repeating: 1, count: coldTimes)
        evidence.look(
            canary: FirstAttempts(begun: coldTimes, timed: coldTimes, times: times), stable: FirstAttempts(),
            at: .zero)
        return evidence
    }
}
