import Glibc

/// How strongly the first attempts speak against a canary: a sequential test by betting, valid at every look.
///
/// One plays against the hypothesis that the canary is no worse, beginning with a wealth of 1. Each bet is fair or
/// worse for the player if the hypothesis is true, so the wealth is a non-negative supermartingale, and the
/// probability that it *ever* reaches 1/α is below α (Ville 1939; Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic
/// statistics and safe anytime-valid inference", 2023). `limit` is 100: at most 1 in 100 canaries as good as stable is
/// rolled back, however long it runs and however often somebody looks.
///
/// **Failures.** First attempts are gathered into blocks, closed by their number or age and never by their outcome.
/// In a block with `n₁` first attempts on the canary and `n₀` on stable, each failure falls on the canary with
/// probability `q = n₁/(n₁+n₀)` if the canary fails no more often, whatever the rate of failures: only who failed
/// counts, not how many. So neither a rate that jumps for both nor a split that changes between blocks is evidence. A
/// bet on odds of failure ψ times those of stable multiplies the wealth by `p/q` for a failure of the canary and by
/// `(1-p)/(1-q)` for one of stable, `p = ψq/(ψq+1-q)`. Failures in a block are drawn without replacement, which for
/// such a product is only less favourable than with it (Hoeffding 1963, theorem 4); and if the canary fails less often
/// it is less favourable still, as p > q.
///
/// **Slowness.** A time to the first event of the canary is paired with one of stable of the same moment, each used
/// once. A pair is a hit when the canary's is longer by a quarter. If the canary is no slower, or slower by less, at
/// most half of the pairs are hits. Bets on p > ½ multiply by 2p or 2(1-p).
///
/// The wealth is spread over bets of different size; their sum is a supermartingale too, which is what a correction
/// for two tests by Bonferroni would approximate from above. Assumed is: the clients of either side are a random part
/// of all (the split sees to that by a hash); what becomes of one request says nothing about the next one's side; and
/// a failure becomes known in the block in which its request began, or in one with about the same split. One client
/// that sends most of the traffic, and fails for reasons of its own, breaks the second.
package struct CanaryEvidence: Sendable, Equatable {
    /// The wealth at which the canary is held to be worse: 1/α.
    package static let limit = 100.0
    /// So many first attempts close a block, or so much time.
    package static let blockSize = 20
    package static let blockAge = Duration.seconds(15)
    /// A time of the canary that is so many times its partner is a hit.
    package static let slowness = 1.25
    /// A canary's first times are those of cold caches, and are not compared.
    package static let coldTimes = 50

    /// What is put on failures: odds, and the part of the initial wealth.
    private static let failureBets: [(odds: Double, stake: Double)] = [(1000, 0.45), (30, 0.2), (8, 0.1), (2.5, 0.05)]
    /// What is put on slowness: the probability of a hit, and the part of the initial wealth.
    private static let slownessBets: [(chance: Double, stake: Double)] = [(0.9, 0.05), (0.7, 0.1)]
    /// Never put on anything: what is left when all bets are lost.
    private static let reserve = 0.05
    /// The logarithm of a wealth beyond which more says nothing.
    private static let enough = 25.0

    /// Logarithms of the wealth in each bet: a product of thousands of factors has no overflow there.
    private var failureWealth = failureBets.map { log($0.stake) }
    private var slownessWealth = slownessBets.map { log($0.stake) }
    private var block = Block()
    private var cold = coldTimes
    /// Times of the canary that have no partner yet.
    private var unpaired: [Int] = []
    /// Pairs of times so far, and how many of them were hits.
    package private(set) var pairs = 0
    package private(set) var hits = 0

    private struct Block: Equatable {
        var canary = Side()
        var stable = Side()
        var openedAt: Duration?

        var begun: Int { canary.begun + stable.begun }
    }

    private struct Side: Equatable {
        var begun = 0
        var failed = 0

        mutating func add(_ news: FirstAttempts) {
            begun += news.begun
            failed += news.failed
        }

        /// A failure whose request began in an earlier block has begun all the same.
        var atRisk: Int { max(begun, failed) }
    }

    package init() {}

    /// All of the wealth; the canary is held to be worse at `limit`.
    package var wealth: Double { failures + slowness + Self.reserve }
    /// The part of it that failures have brought.
    package var failures: Double { failureWealth.reduce(0) { $0 + exp($1) } }
    /// The part of it that times have brought.
    package var slowness: Double { slownessWealth.reduce(0) { $0 + exp($1) } }
    /// Whether the canary is held to be worse.
    package var isDamning: Bool { wealth >= Self.limit }

    /// Takes what came since the last look, both sides of the same moment.
    package mutating func look(canary: FirstAttempts, stable: FirstAttempts, at now: Duration) {
        compare(canary.times, stable.times)
        let openedAt = block.openedAt ?? now
        block.openedAt = openedAt
        block.canary.add(canary)
        block.stable.add(stable)
        if block.begun >= Self.blockSize || now - openedAt >= Self.blockAge { closeBlock() }
    }

    /// What is still open is forgotten: the split changes, or the canary was away.
    package mutating func begin() {
        block = Block()
        unpaired = []
    }

    private mutating func closeBlock() {
        let (canary, stable) = (block.canary, block.stable)
        block = Block()
        // With one side only there is nothing to compare.
        guard canary.atRisk > 0, stable.atRisk > 0 else { return }
        let share = Double(canary.atRisk) / Double(canary.atRisk + stable.atRisk)
        for (place, bet) in Self.failureBets.enumerated() {
            let total = bet.odds * share + 1 - share
            let gain = Double(canary.failed) * log(bet.odds / total) - Double(stable.failed) * log(total)
            failureWealth[place] = min(failureWealth[place] + gain, Self.enough)
        }
    }

    private mutating func compare(_ canary: [Int], _ stable: [Int]) {
        let warm = canary.dropFirst(cold)
        cold -= canary.count - warm.count
        unpaired = (unpaired + warm).suffix(FirstAttempts.keptTimes)
        // What is left over of stable's is older than the canary's next.
        let count = min(unpaired.count, stable.count)
        for (slow, usual) in zip(unpaired, stable.suffix(count)) { pair(slow, usual) }
        unpaired.removeFirst(count)
    }

    private mutating func pair(_ canary: Int, _ stable: Int) {
        let isHit = Double(canary) > Double(stable) * Self.slowness
        pairs += 1
        hits += isHit ? 1 : 0
        for (place, bet) in Self.slownessBets.enumerated() {
            let gain = log(2 * (isHit ? bet.chance : 1 - bet.chance))
            slownessWealth[place] = min(slownessWealth[place] + gain, Self.enough)
        }
    }
}
