/// A question to the instrument whose answer is known beforehand, because the server under it is a simulator that does
/// exactly what it was told.
package struct Exam: Sendable {
    /// Short, such as `stall`.
    package var name: String
    /// What it proves, in one line.
    package var claim: String
    package var server: ExamServer
    package var load: ExamLoad
    /// Pure: judges what was measured against what must have happened.
    package var check: @Sendable (ExamEvidence) -> [ExamFinding]

    package init(
        _ name: String, _ claim: String, server: ExamServer, load: ExamLoad,
        check: @escaping @Sendable (ExamEvidence) -> [ExamFinding]
    ) {
        self.name = name
        self.claim = claim
        self.server = server
        self.load = load
        self.check = check
    }

    /// The plan against a simulator at this port.
    package func plan(host: String, port: UInt16) -> LoadPlan {
        var target = LoadTarget(
            host: host, port: load.isRefused ? 1 : port, path: "/v1/completions", endpoint: .completions,
            model: ExamServer.model)
        if let fault = load.fault { target.headers = [LoadTarget.Header(name: "X-Simulator-Fault", value: fault)] }
        let prompts = SyntheticPrompts(inputTokens: .constant(16), outputTokens: .constant(server.tokens))
        return LoadPlan(
            target: target, arrival: load.arrival, stop: load.stop,
            workload: WorkloadPlan(dataset: .synthetic(prompts)),
            deadlines: load.deadlines, capacity: CapacityPlan(loops: 1, inFlight: load.inFlight), seed: 20_261_126)
    }
}

/// What the simulator is told.
package struct ExamServer: Sendable, Equatable {
    package static let model = "exam"

    package var firstToken: Nanoseconds = 2_000_000
    package var interval: Nanoseconds = 1_000_000
    package var tokens = 4
    package var tokensPerEvent = 1
    package var eventsPerWrite = 1
    /// All of the server stands still for a while, so long after the run began.
    package var freeze: Freeze?

    /// A standstill.
    package struct Freeze: Sendable, Equatable {
        package var after: Nanoseconds
        package var length: Nanoseconds

        package init(after: Nanoseconds, length: Nanoseconds) {
            self.after = after
            self.length = length
        }
    }

    package init() {}
}

/// What is offered to it.
package struct ExamLoad: Sendable, Equatable {
    package var arrival: Arrival
    package var stop: StopRule
    package var deadlines = LoadDeadlines(total: 20_000_000_000)
    /// Most requests in flight.
    package var inFlight: Int?
    /// What the simulator does to each of its requests, as `X-Simulator-Fault` says it.
    package var fault: String?
    /// Asks a port where nobody listens.
    package var isRefused = false

    package init(_ arrival: Arrival, stop: StopRule) {
        self.arrival = arrival
        self.stop = stop
    }

    /// So many users without pause, from the first moment.
    package static func users(_ count: Int, requests: Int) -> ExamLoad {
        ExamLoad(
            .users(UserArrival(stages: [Stage(duration: 0, level: Double(count))])),
            stop: StopRule(duration: 30_000_000_000, requests: requests, grace: 5_000_000_000))
    }

    /// So many requests a second for so long.
    package static func rate(
        _ level: Double, _ spacing: RateArrival.Spacing, for length: Nanoseconds
    ) -> ExamLoad {
        ExamLoad(
            .rate(RateArrival(stages: [Stage(duration: 0, level: level)], spacing: spacing)),
            stop: StopRule(duration: length, grace: 10_000_000_000))
    }
}

/// What both sides have seen.
package struct ExamEvidence: Sendable {
    package var tally: Tally
    package var ledger: ServerLedger

    package init(tally: Tally, ledger: ServerLedger) {
        self.tally = tally
        self.ledger = ledger
    }
}

/// One comparison of an exam.
package struct ExamFinding: Sendable, Equatable {
    package var what: String
    package var expected: String
    package var seen: String
    package var isPassed: Bool

    package init(_ what: String, expected: String, seen: String, isPassed: Bool) {
        self.what = what
        self.expected = expected
        self.seen = seen
        self.isPassed = isPassed
    }

    /// Two counts that must be equal.
    static func equal(_ what: String, _ expected: Int, _ seen: Int) -> ExamFinding {
        ExamFinding(
            what, expected: Figure.count(expected), seen: Figure.count(seen), isPassed: expected == seen)
    }

    /// A time that must lie within bounds; nil has not been measured.
    static func within(_ what: String, _ range: ClosedRange<Nanoseconds>, _ seen: Nanoseconds?) -> ExamFinding {
        ExamFinding(
            what, expected: "\(LiveText.latency(range.lowerBound)) to \(LiveText.latency(range.upperBound))",
            seen: seen.map(LiveText.latency) ?? "nothing", isPassed: seen.map(range.contains) ?? false)
    }
}
