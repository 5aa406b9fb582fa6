import StokerCore
import StokerLoad

/// The history of drills as one page, for an auditor.
enum DrillPage {
    static func render(_ drills: [DrillRecord], failovers: [FailoverRecord]) -> String {
        let title = "Failover drills"
        let intro = "Newest first. Names of callers are as they claimed; times are UTC. Parts count from the fault."
        return HTMLPage.render(
            title: title,
            body: ["<h1>\(title)</h1>", "<p class=\"sub\">\(intro)</p>", summary(drills)] + drills.map(section)
                + ["<h2>All failovers</h2>", clock(failovers)], data: nil)
    }

    private static func summary(_ drills: [DrillRecord]) -> String {
        let rows = drills.map { record in
            [
                "\(record.id)", time(record.startedAt), escaped(record.order.text), verdict(record),
                seconds(record.rtoSeconds), seconds(record.policy.rto.inSeconds), "\(record.failedRequests)",
                "\(record.brokenStreams)", escaped(record.order.caller.name),
            ]
        }
        return HTMLText.table(
            ["no.", "when", "what", "verdict", "RTO", "objective", "failed", "broken", "by"], rows, kind: "words")
    }

    private static func section(_ record: DrillRecord) -> String {
        let facts = [
            ("verdict", verdict(record)), ("because", escaped(record.reasons.joined(separator: "; "))),
            ("began", time(record.startedAt)), ("ended", record.endedAt.map(time) ?? "not yet"),
            ("ordered by", "\(escaped(record.order.caller.name)), uid \(record.order.caller.uid ?? -1), as claimed"),
            ("host", escaped(record.host)), ("Stoker", escaped(record.version)),
            ("config", escaped(record.configDigest)), ("plan", escaped(record.plan.joined(separator: "; "))),
            ("objective", "RTO \(record.policy.rto.spoken), at most \(record.policy.maxFailed) lost"),
            ("whole again", seconds(record.restoredSeconds)), ("load", load(record.load)),
        ]
        return "<h2>Drill \(record.id): \(escaped(record.order.text))</h2>" + HTMLText.facts(facts)
            + clock(record.failovers)
    }

    private static func clock(_ failovers: [FailoverRecord]) -> String {
        guard !failovers.isEmpty else { return "<p>None.</p>" }
        let rows = failovers.map { record in
            [
                escaped(record.model), time(record.at),
                escaped(record.causes.map { "\($0.backend): \($0.words)" }.joined(separator: "; ")),
                seconds(record.detectedSeconds), seconds(record.decidedSeconds), seconds(record.servedSeconds),
                escaped(record.servedBy ?? "–"), seconds(record.restoredSeconds), "\(record.counts.retried)",
                "\(record.counts.continued)", "\(record.counts.failed)", "\(record.counts.broken)",
                "\(record.counts.lostTokens)",
            ]
        }
        return HTMLText.table(
            [
                "model", "noticed at", "lost", "detected", "decided", "served", "by", "restored", "retried",
                "continued", "failed", "broken", "tokens lost",
            ], rows, kind: "words")
    }

    private static func load(_ load: DrillLoad?) -> String {
        guard let load else { return "real traffic only" }
        return
            "\(load.users) users, \(load.requests) requests, at worst \(seconds(load.addedSeconds)) slower than usual"
    }

    private static func verdict(_ record: DrillRecord) -> String {
        let kind = record.verdict == .pass ? "good" : "bad"
        return "<span class=\"\(kind)\">\(record.verdict?.rawValue ?? "running")</span>"
    }

    private static func time(_ time: Timestamp) -> String { TimeText.dateAndTime(time, utcOffset: 0) }
    private static func escaped(_ text: String) -> String { HTMLText.escaped(text) }

    private static func seconds(_ seconds: Double?) -> String {
        seconds.map { "\(DrillText.milliseconds($0)) ms" } ?? "–"
    }
}
