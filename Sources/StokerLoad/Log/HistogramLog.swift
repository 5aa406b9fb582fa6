internal import FoundationEssentials

/// A run as a file that merges with others': each generator of a large test writes one.
///
/// HdrHistogram's log format, which its own tools plot, and a comment line with everything that is no histogram.
package struct HistogramLog: Sendable, Equatable {
    static let schema = "stoker-load-log/1"
    static let mark = "#[stoker] "

    package var run: RunFacts
    package var plan: PlanFacts
    package var tally: Tally

    package init(run: RunFacts, plan: PlanFacts, tally: Tally) {
        self.run = run
        self.plan = plan
        self.tally = tally
    }

    /// What the comment line holds.
    struct Skeleton: Codable {
        var schema: String
        var definitionVersion: Int
        var run: RunFacts
        var plan: PlanFacts
        var partLength: Nanoseconds
        var total: Tally.Part
        var warmUp: Tally.Part
        var parts: [Tally.Part]
        var timeline: Timeline
        var errors: [Outcome: Tally.ErrorCount]
        var span: Tally.Span
        var client: ClientFacts
        /// Of each histogram line, in their order.
        var exact: [LatencyHistogram.Exact]
    }

    /// Where a histogram belongs.
    enum Place: Equatable {
        case total(Measure)
        case part(Int, Measure)
        case warmUp(Measure)
        case censored(Int)
        case warmUpCensored
        case loopLag

        /// Parts of a measure share its tag, as the intervals of any HdrHistogram log do.
        var tag: String {
            switch self {
            case .total(let measure), .part(_, let measure): measure.rawValue
            case .warmUp(let measure): "warmup_" + measure.rawValue
            case .censored: "censored_age"
            case .warmUpCensored: "warmup_censored_age"
            case .loopLag: "loop_lag"
            }
        }
    }

    /// The file's text.
    ///
    /// - Throws: when there is no memory for it.
    package func text() throws(LoadError) -> String {
        var exact: [LatencyHistogram.Exact] = []
        var lines: [String] = []
        for place in Self.places(parts: tally.parts.count) {
            let histogram = tally[place]
            guard !histogram.isEmpty else { continue }
            guard let text = HistogramCodec.text(of: histogram) else { throw LoadError("no memory for the log") }
            let (start, length) = interval(of: place)
            let most = Figure.plain(Double(histogram.max ?? 0) / 1e6, 3)
            lines.append("Tag=\(place.tag),\(Figure.plain(start, 3)),\(Figure.plain(length, 3)),\(most),\(text)")
            exact.append(histogram.exact)
        }
        let json = try LoadJSON.line(skeleton(exact))
        let head = [
            "#[Histogram log format version 1.3]", "#[values in microseconds, maxima in milliseconds]",
            Self.mark + json,
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"",
        ]
        return (head + lines).joined(separator: "\n") + "\n"
    }

    /// Total's measures that parts keep are the sum of the parts, and are not written twice.
    static func places(parts: Int) -> [Place] {
        Measure.allCases.flatMap { measure in
            Tally.Part.measures.contains(measure)
                ? (0..<parts).map { Place.part($0, measure) } : [Place.total(measure)]
        } + Measure.allCases.map(Place.warmUp) + (0..<parts).map(Place.censored) + [.warmUpCensored, .loopLag]
    }

    /// Start and length in seconds.
    private func interval(of place: Place) -> (Double, Double) {
        switch place {
        case .part(let index, _), .censored(let index):
            (Double(Int64(index) * tally.partLength) / 1e9, Double(tally.partLength) / 1e9)
        default: (0, Double(max(tally.span.lastEnd, 1_000_000)) / 1e9)
        }
    }

    private func skeleton(_ exact: [LatencyHistogram.Exact]) -> Skeleton {
        Skeleton(
            schema: Self.schema, definitionVersion: LoadReport.definitions, run: run, plan: plan,
            partLength: tally.partLength, total: tally.total, warmUp: tally.warmUp, parts: tally.parts,
            timeline: tally.timeline, errors: tally.errors, span: tally.span, client: tally.client, exact: exact)
    }
}

extension Tally {
    subscript(_ place: HistogramLog.Place) -> LatencyHistogram {
        get {
            switch place {
            case .total(let measure): total.latencies[measure]
            case .part(let index, let measure): parts[index].latencies[measure]
            case .warmUp(let measure): warmUp.latencies[measure]
            case .censored(let index): parts[index].censoredAges
            case .warmUpCensored: warmUp.censoredAges
            case .loopLag: client.loopLag
            }
        }
        set {
            switch place {
            case .total(let measure): total.latencies[measure] = newValue
            case .part(let index, let measure):
                parts[index].latencies[measure] = newValue
                total.latencies[measure].add(newValue)
            case .warmUp(let measure): warmUp.latencies[measure] = newValue
            case .censored(let index):
                parts[index].censoredAges = newValue
                total.censoredAges.add(newValue)
            case .warmUpCensored: warmUp.censoredAges = newValue
            case .loopLag: client.loopLag = newValue
            }
        }
    }
}
