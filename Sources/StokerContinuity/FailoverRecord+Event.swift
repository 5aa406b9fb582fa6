package import StokerCore

extension FailoverRecord {
    /// The record as an event of its model; a warning when clients noticed, or it never became whole.
    package func event(at time: Timestamp) -> Event {
        let isWell = counts.lost == 0 && restoredSeconds != nil
        return Event(
            time: time, severity: isWell ? .info : .warning, kind: .failoverFinished, subject: model,
            message: sentence, evidence: evidence)
    }

    private var evidence: [String] {
        let origin =
            switch origin {
            case .fault: "the fault of drill \(drill ?? 0)"
            case .lastByte: "the last byte of the lost backend"
            case .detection: "its detection"
            }
        let parts = [
            ("detected", Optional(detectedSeconds)), ("decided", decidedSeconds), ("served elsewhere", servedSeconds),
            ("restored", restoredSeconds),
        ]
        let times = parts.compactMap { name, seconds in
            seconds.map { "\(name): \(Int64(exactly: ($0 * 1000).rounded()) ?? 0) ms" }
        }
        return ["times count from \(origin)"] + times + [
            "failed: \(counts.failed), broken streams: \(counts.broken), tokens lost: \(counts.lostTokens)",
            "continued: \(counts.continued), retried: \(counts.retried)",
        ]
    }
}
