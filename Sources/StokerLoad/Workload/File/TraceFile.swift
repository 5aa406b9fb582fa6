internal import StokerCore

/// Requests with the times at which they came, as others recorded them.
package struct TraceFile: Sendable, Equatable {
    /// Whose form it has.
    package enum Format: String, Sendable, CaseIterable {
        /// JSONL of `timestamp` (ms), `input_length`, `output_length`, `hash_ids` (kvcache-ai/Mooncake, FAST25).
        case mooncake
        /// CSV of `Timestamp` (s), `Request tokens`, `Response tokens` (HPMLL/BurstGPT).
        case burstgpt
        /// CSV of `TIMESTAMP`, `ContextTokens`, `GeneratedTokens` (Azure/AzurePublicDataset).
        case azure
    }

    /// One request.
    package struct Entry: Sendable, Equatable {
        /// From the first of the file.
        package var time: Nanoseconds
        package var conversation: Conversation
    }

    /// By time.
    package var entries: [Entry] = []
    /// Rows that had failed when they were recorded: they have no answer to ask for.
    package var skipped = 0

    /// Reads it, at most as many rows as the limits say.
    package init(path: String, format: Format, limits: FileLimits = FileLimits()) throws(LoadError) {
        var reader = try RowReader(path: path, limits: limits)
        var rows: any TraceRows =
            switch format {
            case .mooncake: MooncakeRows()
            case .burstgpt: try BurstRows(&reader)
            case .azure: try AzureRows(&reader)
            }
        while let row = try reader.next() {
            if let entry = try rows.entry(row, reader) { entries.append(entry) } else { skipped += 1 }
        }
        guard !entries.isEmpty else { throw LoadError("\(path): the trace has no request") }
        // Not each recording is in order, and sorting keeps the order of those that came together.
        entries.sort { $0.time < $1.time }
        let origin = entries[0].time
        for index in entries.indices { entries[index].time -= origin }
    }

    /// When to send, and in the same order what.
    ///
    /// - Parameters:
    ///   - speedUp: 2 plays it in half the time; above 0.
    ///   - window: which part of it, in recorded time; the run's origin is the window's start.
    /// - Throws: when nothing is in the window.
    package func replay(
        speedUp: Double = 1, window: TimeWindow = TimeWindow()
    ) throws(LoadError) -> (arrival: Arrival, dataset: Dataset) {
        let chosen = entries.filter { window.contains($0.time) }
        guard !chosen.isEmpty else {
            let length = entries.last.map { Duration.nanoseconds($0.time).text } ?? "0s"
            throw LoadError("the window holds none of the trace's \(entries.count) requests; it is \(length) long")
        }
        guard speedUp > 0, speedUp.isFinite else { throw LoadError("a speed-up of \(speedUp) plays nothing") }
        let times = chosen.map {
            Nanoseconds(exactly: (Double($0.time - window.start) / speedUp).rounded()) ?? .max
        }
        return (.trace(times), .trace(chosen.map(\.conversation)))
    }
}

/// Reads the rows of one format.
protocol TraceRows {
    /// The request in a row; nil for one that had failed.
    mutating func entry(_ row: RowReader.Row, _ reader: RowReader) throws(LoadError) -> TraceFile.Entry?
}

extension TraceFile.Entry {
    /// One request whose lengths alone are known, or its blocks too.
    ///
    /// - Throws: when a length is out of range.
    init(
        time: Nanoseconds, input: Int, output: Int, blocks: [Int64]? = nil, _ row: RowReader.Row, _ reader: RowReader
    ) throws(LoadError) {
        let longest = LengthDistribution.longest
        guard 0...longest ~= input, 1...longest ~= output else {
            throw reader.fault(row.line, "lengths of \(input) and \(output) tokens; expected up to \(longest)")
        }
        let tokens = max(1, input)
        self.time = time
        conversation = Conversation(exchanges: [
            .init(
                prompt: blocks.map { .blocks($0, tokens: tokens) } ?? .words(tokens), inputTokens: tokens,
                outputTokens: output)
        ])
    }
}
