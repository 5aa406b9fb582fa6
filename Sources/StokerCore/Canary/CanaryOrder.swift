/// What a person asks for when a canary begins: who it is, in which steps its share grows, and when a step is passed.
package struct CanaryOrder: Sendable, Equatable, Codable {
    /// Of the model's `canary`; empty means all of them.
    package var backends: [String]
    /// Shares in per mille, ascending; the last is 1000 and ends the canary as promoted.
    package var steps: [Int]
    /// A step lasts at least this long, the times when the canary does not serve left out.
    package var hold: Duration
    /// And sees at least so many first attempts on the canary, those that were turned away left out.
    package var minRequests: Int

    /// Much at once: what a canary fails, another backend mends, so evidence costs clients little, and a small share
    /// gives little of it. At 10 requests a second one that fails 1 in 20 is rolled back within a minute in 96 of 100
    /// runs; with a first step of 10 % in 57.
    package static let defaultSteps = [400, 700, 1000]
    package static let defaultHold = Duration.seconds(120)
    package static let defaultMinRequests = 100
    /// Most steps that anybody needs.
    package static let maxSteps = 20
    package static let holds = Duration.seconds(1) ... .seconds(7 * 86_400)
    package static let requestCounts = 1...1_000_000

    package init(
        backends: [String] = [], steps: [Int] = defaultSteps, hold: Duration = defaultHold,
        minRequests: Int = defaultMinRequests
    ) {
        self.backends = backends
        self.steps = steps
        self.hold = hold
        self.minRequests = minRequests
    }

    /// Reads `10,25,50,100` or `0.5,5,100`: per cent, ascending, each more than 0 and at most 100. Where the last is
    /// less, 100 follows by itself: a canary ends as promoted or not at all.
    package static func steps(text: some StringProtocol) throws(ControlError) -> [Int] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= maxSteps else { throw refusal("there are \(parts.count) steps, more than \(maxSteps)") }
        var steps: [Int] = []
        for part in parts {
            guard let permille = permille(part) else {
                throw refusal("\(SafeText.escaped(part.prefix(20))) is no share in per cent")
            }
            guard (1...1000).contains(permille) else {
                throw refusal("a step of \(ShareText.percent(permille)) makes no sense: more than 0 and at most 100 %")
            }
            if let last = steps.last, permille <= last {
                throw refusal("\(ShareText.percent(permille)) after \(ShareText.percent(last)): steps ascend")
            }
            steps.append(permille)
        }
        return steps.last == 1000 ? steps : steps + [1000]
    }

    /// Per cent with at most one digit behind the point, without a sign.
    private static func permille(_ text: some StringProtocol) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), text.utf8.count <= 8, let whole = digits(parts[0]) else { return nil }
        guard parts.count == 2 else { return whole * 10 }
        guard parts[1].utf8.count == 1, let tenths = digits(parts[1]) else { return nil }
        return whole * 10 + tenths
    }

    private static func digits(_ text: some StringProtocol) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }

    private static func refusal(_ message: String) -> ControlError {
        ControlError(code: .badRequest, message: message, hint: "--steps 10,25,50,100")
    }
}

/// Shares as people read them.
package enum ShareText {
    /// `25 %`, `0.5 %`.
    package static func percent(_ permille: Int) -> String {
        permille % 10 == 0 ? "\(permille / 10) %" : "\(permille / 10).\(permille % 10) %"
    }
}
