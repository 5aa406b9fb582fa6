/// Mooncake's JSONL.
struct MooncakeRows: TraceRows {
    private struct Row: Decodable {
        var timestamp: Double
        var input_length: Int
        var output_length: Int
        var hash_ids: [Int64]?
    }

    private static let expected =
        #"{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}"#

    mutating func entry(_ row: RowReader.Row, _ reader: RowReader) throws(LoadError) -> TraceFile.Entry? {
        let value = try JSONRow.decode(Row.self, row, reader, expected: Self.expected)
        guard let time = Nanoseconds(recorded: value.timestamp, unit: 1e6) else {
            throw reader.fault(row.line, "timestamp \(value.timestamp) is no time in milliseconds")
        }
        guard value.output_length != 0 else { return nil }
        return try TraceFile.Entry(
            time: time, input: value.input_length, output: value.output_length, blocks: value.hash_ids, row, reader)
    }
}

/// BurstGPT's CSV.
struct BurstRows: TraceRows {
    private let columns: CSVColumns

    init(_ reader: inout RowReader) throws(LoadError) {
        columns = try CSVColumns(["Timestamp", "Request tokens", "Response tokens"], reader.header(), reader)
    }

    mutating func entry(_ row: RowReader.Row, _ reader: RowReader) throws(LoadError) -> TraceFile.Entry? {
        let fields = CSVRow(row.bytes)
        let seconds = columns.field("Timestamp", of: fields) ?? ""
        guard let value = Double(plain: seconds), let time = Nanoseconds(recorded: value, unit: 1e9) else {
            throw reader.fault(row.line, "Timestamp '\(seconds)' is no number of seconds")
        }
        let input = try columns.count("Request tokens", of: fields, row, reader)
        let output = try columns.count("Response tokens", of: fields, row, reader)
        return output == 0 ? nil : try TraceFile.Entry(time: time, input: input, output: output, row, reader)
    }
}

/// Azure's CSV.
struct AzureRows: TraceRows {
    private let columns: CSVColumns

    init(_ reader: inout RowReader) throws(LoadError) {
        columns = try CSVColumns(["TIMESTAMP", "ContextTokens", "GeneratedTokens"], reader.header(), reader)
    }

    mutating func entry(_ row: RowReader.Row, _ reader: RowReader) throws(LoadError) -> TraceFile.Entry? {
        let fields = CSVRow(row.bytes)
        let text = columns.field("TIMESTAMP", of: fields) ?? ""
        guard let time = RecordedInstant(text)?.nanoseconds else {
            throw reader.fault(row.line, "TIMESTAMP '\(text)' is no time, such as 2023-11-16 18:17:03.9799600")
        }
        let input = try columns.count("ContextTokens", of: fields, row, reader)
        let output = try columns.count("GeneratedTokens", of: fields, row, reader)
        return output == 0 ? nil : try TraceFile.Entry(time: time, input: input, output: output, row, reader)
    }
}

extension CSVColumns {
    /// A field that must be a whole number.
    fileprivate func count(
        _ name: String, of fields: CSVRow, _ row: RowReader.Row, _ reader: RowReader
    ) throws(LoadError) -> Int {
        let text = field(name, of: fields) ?? ""
        // BurstGPT has columns that were written as decimals.
        guard let value = Int(plain: text.hasSuffix(".0") ? text.dropLast(2) : text[...]) else {
            throw reader.fault(row.line, "\(name) '\(text)' is no number of tokens")
        }
        return value
    }
}

extension Nanoseconds {
    /// A recorded time, so many units of so many nanoseconds; nil for what is negative or beyond 100 years.
    fileprivate init?(recorded value: Double, unit: Double) {
        guard value.isFinite, value >= 0, value * unit < 3.2e18, let time = Int64(exactly: (value * unit).rounded())
        else { return nil }
        self = time
    }
}
