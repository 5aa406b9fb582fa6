import StokerCore

/// A drill for the terminal.
struct DrillText {
    private let record: DrillRecord
    private let utcOffset: Int

    init(_ record: DrillRecord, utcOffset: Int) {
        self.record = record
        self.utcOffset = utcOffset
    }

    /// A headline, the verdict with its reasons, and each model's clock.
    var text: String {
        let time = TimeText.dateAndTime(record.startedAt, utcOffset: utcOffset)
        let verdict = record.verdict?.rawValue.uppercased() ?? "RUNNING"
        let head = "\(time) drill \(record.id): \(record.order.text), by \(record.order.caller.name) (as claimed)"
        let lines =
            ["\(verdict): \(record.reasons.joined(separator: "; "))", rto]
            + record.failovers.map {
                "\($0.model): \($0.sentence)"
            }
        let body = (lines + load).filter { !$0.isEmpty }.map { "  \(SafeText.escaped($0))\n" }
        return "\(SafeText.escaped(head))\n\(body.joined())"
    }

    private var rto: String {
        guard let seconds = record.rtoSeconds, !record.failovers.isEmpty else { return "" }
        let objective = record.policy.rto.spoken
        return "RTO \(Self.milliseconds(seconds)) ms of \(objective); \(record.failedRequests) requests failed, "
            + "\(record.brokenStreams) streams broke"
    }

    private var load: [String] {
        guard let load = record.load else { return [] }
        let added = load.addedSeconds.map { ", at worst \(Self.milliseconds($0)) ms slower than usual" } ?? ""
        return ["under \(load.users) users: \(load.requests) requests\(added)"]
    }

    static func milliseconds(_ seconds: Double) -> Int64 { Int64(exactly: (seconds * 1000).rounded()) ?? 0 }
}
