/// One failover of one model, measured: what was lost, and how long each part of the way back took.
///
/// All parts count from the same moment and never run backwards; `at` is wall-clock time and a label only. In JSON,
/// optional fields that are nil are left out.
package struct FailoverRecord: Sendable, Equatable, Codable {
    /// What made it necessary; the values of the metric label `cause`.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// The process ended.
        case exit
        /// Its readiness probe failed.
        case unready
        /// It could not be connected to, or hung up.
        case connection
        /// It said nothing, and its health path did not answer.
        case frozen
        /// Nobody heard anything of it.
        case silent
        /// A drill took it out of rotation.
        case drain
    }

    /// One backend that was lost.
    package struct Cause: Sendable, Equatable, Codable {
        package var backend: String
        package var kind: Kind
        /// As a clause: `killed by SIGKILL`.
        package var words: String

        package init(backend: String, kind: Kind, words: String) {
            self.backend = backend
            self.kind = kind
            self.words = words
        }
    }

    /// What the parts count from, best first.
    package enum Origin: String, Sendable, Codable {
        /// The moment of the fault itself, known from a drill.
        case fault
        /// The last byte of an answer that came from the lost backend, which was working on requests.
        case lastByte
        /// The moment when it was noticed: it was idle, so nobody can know more.
        case detection
    }

    /// Given by the store, ascending; 0 before that.
    package var id: Int64
    package var model: String
    /// When it was noticed.
    package var at: Timestamp
    /// Several when backends of the model were lost within two seconds of each other.
    package var causes: [Cause]
    /// The drill that did it; nil in earnest.
    package var drill: Int64?
    package var origin: Origin
    package var detectedSeconds: Double
    /// nil: nobody took it out of rotation, and no request moved.
    package var decidedSeconds: Double?
    /// nil: no other backend answered anybody.
    package var servedSeconds: Double?
    package var servedBy: String?
    /// nil: it was not whole again when the record was closed.
    package var restoredSeconds: Double?
    /// Why it was closed before it was whole again.
    package var unfinished: String?
    package var counts: FailoverCounts

    package init(model: String, at: Timestamp, causes: [Cause], origin: Origin, detectedSeconds: Double) {
        id = 0
        self.model = model
        self.at = at
        self.causes = causes
        self.origin = origin
        self.detectedSeconds = detectedSeconds
        counts = FailoverCounts()
    }

    /// What it counts as: that of the backend that was lost first.
    package var kind: Kind { causes.first?.kind ?? .connection }

    /// The record in a sentence, to follow the model's name.
    package var sentence: String {
        let lost = causes.map { $0.words.isEmpty ? "\($0.backend) lost" : "\($0.backend) lost (\($0.words))" }
        let parts = [lost.joined(separator: ", ")] + (detection.map { [$0] } ?? []) + [service, restoration]
        return "\(parts.joined(separator: ", ")); \(figures)"
    }

    private var detection: String? {
        origin == .detection ? nil : "noticed after \(Self.spoken(detectedSeconds))"
    }

    private var service: String {
        guard let servedSeconds else {
            return counts.lost == 0 ? "nobody asked meanwhile" : "served by nobody"
        }
        return "served by \(servedBy ?? "another") after \(Self.spoken(servedSeconds))"
    }

    private var restoration: String {
        restoredSeconds.map { "whole again after \(Self.spoken($0))" } ?? "not whole again: \(unfinished ?? "unknown")"
    }

    private var figures: String {
        var parts = [counts.lost == 1 ? "1 request lost" : "\(counts.lost) requests lost"]
        if counts.lostTokens > 0 { parts[0] += " with \(counts.lostTokens) tokens" }
        if counts.continued > 0 { parts.append("\(counts.continued) continued") }
        if counts.retried > 0 { parts.append("\(counts.retried) retried") }
        return parts.joined(separator: ", ")
    }

    /// Rounded: a part of 3 ms must not become 2 by a binary fraction.
    static func spoken(_ seconds: Double) -> String {
        Duration.milliseconds(Int64(exactly: (seconds * 1000).rounded()) ?? 0).spoken
    }
}
