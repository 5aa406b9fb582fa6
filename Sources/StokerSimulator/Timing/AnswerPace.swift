/// When the next token of an answer is due, in nanoseconds counted from when the engine takes the request up.
///
/// Deadlines are absolute: a timer that comes late delays its own token and none of the later ones. Equal seeds and
/// prompts give equal times, whatever else the engine does.
package struct AnswerPace: Sendable {
    private let interval: LatencyModel
    private let seed: UInt64
    private let prompt: UInt64
    /// The interval, where it is the same for all tokens: no draw then.
    private let fixed: Int64?
    private var index = 0

    /// When the next token is due.
    package private(set) var due: Int64

    /// - Parameters:
    ///   - prompt: A hash of the prompt: two prompts have two timelines.
    ///   - prefill: Nanoseconds before the first token that the prompt's length adds.
    ///   - slowdown: 1, or how many times longer everything takes now.
    package init(
        first: LatencyModel, interval: LatencyModel, seed: UInt64 = 0, prompt: UInt64 = 0, prefill: Int64 = 0,
        slowdown: Double = 1
    ) {
        self.interval = interval
        self.seed = seed
        self.prompt = prompt
        fixed = if case .constant(let time) = interval { time.clampedNanoseconds } else { nil }
        var random = SeededRandom(seed: seed, stream: prompt)
        due = Self.stretched(first.draw(&random) + prefill, slowdown)
    }

    /// The next `count` tokens are out: the one after them is due that many intervals later.
    package mutating func advance(by count: Int = 1, slowdown: Double = 1) {
        if let fixed {
            due += Self.stretched(fixed.multipliedOrCentury(by: max(0, count)), slowdown)
            return
        }
        for _ in 0..<max(0, count) {
            index += 1
            var random = SeededRandom(seed: seed, stream: prompt, index: index)
            due += Self.stretched(interval.draw(&random), slowdown)
        }
    }

    /// Everything that is still to come is that much later.
    package mutating func delay(by nanoseconds: Int64) { due += max(0, nanoseconds) }

    private static func stretched(_ time: Int64, _ slowdown: Double) -> Int64 {
        slowdown == 1 ? time : Int64(min(Double(time) * max(0, slowdown), 3e18))
    }
}

extension Int64 {
    /// The product, cut at a century of nanoseconds.
    fileprivate func multipliedOrCentury(by count: Int) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: Int64(count))
        return overflow ? Duration.century.clampedNanoseconds : Swift.min(product, Duration.century.clampedNanoseconds)
    }
}
