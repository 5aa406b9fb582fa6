/// The upper edges of a histogram's buckets, without the last, infinite one.
///
/// Fixed for the life of the process.
///
/// The sets come from the research notes that docs/metrics.md cites: OpenTelemetry's for generative AI, stretched to
/// the ranges of reasoning models.
package struct Buckets: Sendable, Equatable {
    /// Most edges that a histogram may have: each is a series of its own for every label set.
    package static let maximumCount = 24

    package var edges: [Double]

    package init(_ edges: [Double]) { self.edges = edges }

    /// Time to first token, seconds: OTel `gen_ai.server.time_to_first_token` to 10 s, then vLLM's tail.
    package static let ttft = Buckets([
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160,
    ])
    /// Time per output token, seconds: OTel `gen_ai.server.time_per_output_token`.
    package static let tpot = Buckets([0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5])
    /// Gap between two events of a stream, seconds: TPOT's edges, and what lies on both sides of them, because several
    /// events may come in one piece and a stall is what one looks for.
    package static let itl = Buckets([
        0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10, 30,
    ])
    /// Whole request, seconds: OTel `gen_ai.server.request.duration`, doubled three more times for reasoning models.
    package static let endToEnd = Buckets([
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36,
    ])
    /// Tokens of a prompt or answer: OTel `gen_ai.client.token.usage`, cut at a million.
    package static let tokens = Buckets([1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262_144, 1_048_576])
    /// Time in a queue, seconds.
    package static let wait = Buckets([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
    /// Probes and searches, seconds.
    package static let fast = Buckets([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
    /// Lateness of a timer, seconds.
    package static let lag = Buckets([0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5])
    /// A small number of things.
    package static let count = Buckets([0, 1, 2, 5, 10, 20, 50])

    /// Attempts of one request.
    package static let attempts = Buckets([0, 1, 2, 3, 5, 8])

    /// What is wrong with the edges, nil when nothing is.
    var fault: String? {
        if edges.isEmpty { return "a histogram needs at least one edge" }
        if edges.count > Self.maximumCount { return "\(edges.count) edges, at most \(Self.maximumCount)" }
        if !edges.allSatisfy(\.isFinite) { return "edges must be finite; +Inf is added by itself" }
        if zip(edges, edges.dropFirst()).contains(where: >=) { return "edges must ascend" }
        return nil
    }
}
