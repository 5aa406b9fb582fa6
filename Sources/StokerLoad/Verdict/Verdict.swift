/// Whether a measurement can be believed. The generator is the usual liar, so it testifies against itself.
package struct Verdict: Sendable, Codable, Equatable {
    /// How far.
    package enum Level: String, Sendable, Codable, CaseIterable, Comparable {
        case valid = "VALID"
        case suspect = "SUSPECT"
        case invalid = "INVALID"

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .valid: 0
            case .suspect: 1
            case .invalid: 2
            }
        }
    }

    /// One complaint.
    package struct Reason: Sendable, Codable, Equatable {
        package var level: Level
        /// The check that complains, such as `send-lag`.
        package var check: String
        /// What was seen, what the bar is, what to do.
        package var text: String

        package init(level: Level, check: String, text: String) {
            self.level = level
            self.check = check
            self.text = text
        }
    }

    package var reasons: [Reason]

    package init(reasons: [Reason] = []) { self.reasons = reasons }

    /// The worst of the reasons.
    package var level: Level { reasons.map(\.level).max() ?? .valid }
}
