import StokerCore
import Testing

@Suite("The verdict on a drill")
struct DrillVerdictTests {
    private static func failover(served: Double? = 0.02, restored: Double? = 2) -> FailoverRecord {
        var record = FailoverRecord(
            model: "m", at: Timestamp(milliseconds: 1), causes: [], origin: .fault, detectedSeconds: 0.001)
        record.servedSeconds = served
        record.restoredSeconds = restored
        record.unfinished = restored == nil ? "a was given up" : nil
        return record
    }

    private static func judged(_ change: (inout DrillRecord) -> Void) -> DrillRecord {
        var record = DrillRecord(
            order: DrillOrder(.kill, targets: ["a"]), startedAt: Timestamp(milliseconds: 1), host: "h", version: "v",
            configDigest: "d", policy: DrillPolicy(rto: .seconds(1)), plan: [])
        record.failovers = [failover()]
        change(&record)
        record.judge()
        return record
    }

    @Test func `one that kept all it had to keep passes, and says by how much`() {
        let record = Self.judged { _ in }
        #expect(record.verdict == .pass)
        #expect(record.rtoSeconds == 0.02)
        #expect(record.restoredSeconds == 2)
        #expect(
            record.reasons == [
                "served elsewhere after 20 ms (objective 1 s), 0 requests failed and 0 streams broke (at most 0)"
            ])
        #expect(record.sentence.hasPrefix("drill kill a: pass: served elsewhere"))
    }

    private struct Shortcoming: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout DrillRecord) -> Void
    }

    private static let shortcomings = [
        Shortcoming(testDescription: "nobody noticed the fault") { $0.failovers = [] },
        Shortcoming(testDescription: "m was served after 1.5 s; the objective is 1 s") {
            $0.failovers = [failover(served: 1.5)]
        },
        Shortcoming(testDescription: "no client of m was served elsewhere") {
            $0.failovers = [failover(served: nil)]
        },
        Shortcoming(testDescription: "m is not whole again: a was given up") {
            $0.failovers = [failover(restored: nil)]
        },
        Shortcoming(testDescription: "1 requests failed and 0 streams broke; at most 0 may") {
            $0.failovers[0].counts.failed = 1
        },
        Shortcoming(testDescription: "0 requests failed and 2 streams broke; at most 0 may") {
            $0.load = DrillLoad(users: 2, requests: 9, failed: 0, broken: 2)
        },
        Shortcoming(testDescription: "its load sent nothing") { $0.order.users = 2 },
    ]

    @Test(arguments: shortcomings)
    private func `one that did not fails, and says why`(shortcoming: Shortcoming) {
        let record = Self.judged(shortcoming.change)
        #expect(record.verdict == .fail)
        #expect(record.reasons.contains { $0.hasPrefix(shortcoming.testDescription) }, "\(record.reasons)")
    }

    @Test func `all reasons are told at once`() {
        let record = Self.judged {
            $0.failovers = [Self.failover(served: nil, restored: nil)]
            $0.failovers[0].counts = FailoverCounts(failed: 3, broken: 1)
        }
        #expect(record.reasons.count == 3)
        #expect(record.rtoSeconds == nil)
        #expect(record.restoredSeconds == nil)
    }

    @Test func `losses that the config allows are no reason`() {
        let record = Self.judged {
            $0.policy.maxFailed = 2
            $0.failovers[0].counts = FailoverCounts(failed: 1, broken: 1)
        }
        #expect(record.verdict == .pass)
    }

    @Test func `the recovery time is that of the slowest model`() {
        let record = Self.judged { $0.failovers = [Self.failover(served: 0.1), Self.failover(served: 0.9)] }
        #expect(record.rtoSeconds == 0.9)
    }

    @Test func `what gateway and load both saw is counted once`() {
        let record = Self.judged {
            $0.failovers[0].counts = FailoverCounts(failed: 2, broken: 1)
            $0.load = DrillLoad(users: 1, requests: 9, failed: 1, broken: 3)
        }
        #expect(record.failedRequests == 2)
        #expect(record.brokenStreams == 3)
    }

    @Test func `the worst added wait is measured against what is usual`() {
        var load = DrillLoad(users: 1, requests: 9, failed: 0, broken: 0)
        #expect(load.addedSeconds == nil)
        load.worstFirstTokenSeconds = 0.5
        load.medianFirstTokenSeconds = 0.25
        #expect(load.addedSeconds == 0.25)
        load.worstGapSeconds = 2
        load.medianGapSeconds = 0.5
        #expect(load.addedSeconds == 1.5)
    }
}
