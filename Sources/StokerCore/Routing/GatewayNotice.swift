/// Something that the gateway lived through and that is worth an event, as often as it came between two reports.
///
/// A hundred streams that break at once are one notice: who reads events wants to know what happened, and how often.
package struct GatewayNotice: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// A stream flows again, from another backend.
        case streamContinued
        /// A begun stream ended with an error, because nobody could go on with it.
        case streamLost
        /// A request left a backend from which nobody had heard anything for too long.
        case backendSilent
        /// The same, and its health path did not answer either.
        case backendFrozen
    }

    /// What has to be the same for two occurrences to be told as one.
    package struct Matter: Sendable, Hashable, Codable {
        package var kind: Kind
        /// The one that failed.
        package var backend: String
        /// The one that goes on.
        package var other: String?
        /// A value of the metrics' label `reason`.
        package var reason: String
        /// Why nobody goes on, as a clause.
        package var obstacle: String?

        package init(_ kind: Kind, backend: String, other: String? = nil, reason: String, obstacle: String? = nil) {
            self.kind = kind
            self.backend = backend
            self.other = other
            self.reason = reason
            self.obstacle = obstacle
        }
    }

    /// A request that it happened to.
    package struct Example: Sendable, Equatable, Codable {
        package var requestID: String
        package var model: String

        package init(requestID: String, model: String) {
            self.requestID = requestID
            self.model = model
        }
    }

    /// How many requests are named.
    package static let maxExamples = 5

    /// Ascending within one life of the gateway, from 1.
    package var sequence: Int64
    package var matter: Matter
    /// How often it has happened.
    package var count: Int
    /// The first of them.
    package var examples: [Example]
    /// When it happened first.
    package var since: Timestamp

    package init(sequence: Int64, _ matter: Matter, count: Int = 1, examples: [Example], since: Timestamp) {
        self.sequence = sequence
        self.matter = matter
        self.count = count
        self.examples = examples
        self.since = since
    }
}

/// The notices that the gateway still has, oldest first.
package struct GatewayNotices: Sendable, Equatable, Codable {
    /// Drawn by each gateway as it starts: another one counts anew.
    package var life: Int64
    package var notices: [GatewayNotice]

    package init(life: Int64, notices: [GatewayNotice] = []) {
        self.life = life
        self.notices = notices
    }
}

/// Up to where the control plane has read the notices of a gateway.
///
/// It goes along with the next question, and the gateway forgets what was read. So a control plane that is new finds
/// what happened while there was none, and nothing that an earlier one has told.
package struct NoticeMark: Sendable, Equatable {
    package var life: Int64
    package var sequence: Int64

    package init(life: Int64, sequence: Int64) {
        self.life = life
        self.sequence = sequence
    }

    /// As `init(text:)` reads it.
    package var text: String { "\(life).\(sequence)" }

    /// nil for what is no mark.
    package init?(text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let life = Int64(parts[0]), let sequence = Int64(parts[1]) else { return nil }
        self.init(life: life, sequence: sequence)
    }
}
