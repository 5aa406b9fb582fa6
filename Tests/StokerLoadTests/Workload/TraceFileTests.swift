import StokerLoad
import Testing

@Suite struct TraceFileTests {
    static func read(_ name: String, _ format: TraceFile.Format) throws -> TraceFile {
        try TraceFile(path: fixture(name), format: format)
    }

    static func lengths(_ file: TraceFile) -> [[Int?]] {
        file.entries.map { [$0.conversation.exchanges[0].inputTokens, $0.conversation.exchanges[0].outputTokens] }
    }

    @Test func `Mooncake's rows are times, lengths and blocks`() throws {
        let file = try Self.read("mooncake.jsonl", .mooncake)
        #expect(file.entries.map(\.time) == [0, 3_052_000_000, 9_105_000_000])
        #expect(Self.lengths(file) == [[1200, 52], [1500, 26], [700, 18]])
        #expect(file.entries[1].conversation.exchanges[0].prompt == .blocks([46, 47, 2353], tokens: 1500))
        #expect(file.entries[2].conversation.exchanges[0].prompt == .words(700))
        #expect(file.skipped == 1)
    }

    @Test func `BurstGPT's failed rows are skipped and counted`() throws {
        let file = try Self.read("burstgpt.csv", .burstgpt)
        #expect(file.entries.map(\.time) == [0, 40_500_000_000, 115_250_000_000])
        #expect(Self.lengths(file) == [[472, 18], [1087, 230], [1360, 276]])
        #expect(file.skipped == 1)
    }

    @Test func `Azure's times are instants, brought into order`() throws {
        let file = try Self.read("azure.csv", .azure)
        #expect(file.entries.map(\.time) == [0, 4_979_960_000, 5_031_960_000])
        #expect(Self.lengths(file) == [[110, 27], [4808, 10], [3180, 8]])
    }

    @Test func `a replay is faster by its speed-up and keeps times and requests together`() throws {
        let (arrival, dataset) = try Self.read("burstgpt.csv", .burstgpt).replay(speedUp: 2)
        #expect(arrival == .trace([0, 20_250_000_000, 57_625_000_000]))
        guard case .trace(let rows) = dataset else { throw LoadError("no trace") }
        #expect(rows.map(\.exchanges[0].inputTokens) == [472, 1087, 1360])
    }

    @Test func `a window is cut in recorded time and begins at its start`() throws {
        let file = try Self.read("burstgpt.csv", .burstgpt)
        let (arrival, dataset) = try file.replay(
            speedUp: 0.5, window: TimeWindow(start: 40 * second, end: 100 * second))
        #expect(arrival == .trace([second]))
        #expect(dataset == .trace([file.entries[1].conversation]))
    }

    @Test func `a window that holds nothing says how long the trace is`() throws {
        let file = try Self.read("mooncake.jsonl", .mooncake)
        let error = #expect(throws: LoadError.self) { try file.replay(window: TimeWindow(start: 3600 * second)) }
        #expect(error?.message == "the window holds none of the trace's 3 requests; it is 9105ms long")
    }

    @Test(arguments: [0, -1, .nan, .infinity])
    func `a speed-up must be one`(speedUp: Double) throws {
        let file = try Self.read("mooncake.jsonl", .mooncake)
        #expect(throws: LoadError.self) { try file.replay(speedUp: speedUp) }
    }

    @Test(
        arguments: [
            (
                .mooncake, "{\"timestamp\": -1, \"input_length\": 1, \"output_length\": 1}",
                ":1: timestamp -1.0 is no time"
            ),
            (.mooncake, "{\"timestamp\": 1e300, \"input_length\": 1, \"output_length\": 1}", ":1: timestamp"),
            (
                .mooncake, "{\"timestamp\": 1, \"input_length\": -5, \"output_length\": 1}",
                ":1: lengths of -5 and 1 tokens"
            ),
            (
                .mooncake, "{\"timestamp\": 1, \"output_length\": 1}",
                ":1: input_length is missing; expected {\"timestamp\""
            ),
            (.mooncake, "", "the trace has no request"),
            (.burstgpt, "", "the file is empty; expected a first line with"),
            (.burstgpt, "Timestamp,Request tokens\n1,2", ":1: no column Response tokens; expected a first line with"),
            (.burstgpt, "Timestamp,Request tokens,Response tokens\nx,2,3", ":2: Timestamp 'x' is no number of seconds"),
            (.burstgpt, "Timestamp,Request tokens,Response tokens\n1,2", ":2: Response tokens '' is no number"),
            (.burstgpt, "Timestamp,Request tokens,Response tokens\n1,2,0", "the trace has no request"),
            (
                .azure, "TIMESTAMP,ContextTokens,GeneratedTokens\n\nyesterday,2,3",
                ":3: TIMESTAMP 'yesterday' is no time"
            ),
            (.azure, "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,2.5,3", "ContextTokens '2.5' is no"),
        ] as [(TraceFile.Format, String, String)])
    func `a mistake is named with its line`(format: TraceFile.Format, content: String, words: String) throws {
        let error = #expect(throws: LoadError.self) {
            try withFile(content) { _ = try TraceFile(path: $0, format: format) }
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `columns are found by name, in any order and case, quoted or not`() throws {
        let file = try withFile("\"response tokens\", x ,REQUEST TOKENS,timestamp\n\"7\",\"a,b\", 5.0 ,1\n") {
            try TraceFile(path: $0, format: .burstgpt)
        }
        #expect(Self.lengths(file) == [[5, 7]])
    }

    @Test(arguments: [
        "2024-05-10 00:00:00.009930+00:00", "2024-05-10T00:00:00.00993Z", "2024-05-10 02:00:00.009930+02:00",
        "2024-05-09 19:30:00.0099300000001-04:30",
    ])
    func `instants are read in the forms that traces have`(text: String) throws {
        let content = "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00,1,1\n\(text),1,1\n"
        let file = try withFile(content) { try TraceFile(path: $0, format: .azure) }
        #expect(file.entries.map(\.time) == [0, 9_930_000])
    }

    @Test func `days are counted over leap years and centuries`() throws {
        let content = """
            TIMESTAMP,ContextTokens,GeneratedTokens
            1999-12-31 00:00:00,1,1
            2000-03-01 00:00:00,1,1
            2001-03-01 00:00:00,1,1
            2100-03-01 00:00:00,1,1
            """
        let file = try withFile(content) { try TraceFile(path: $0, format: .azure) }
        #expect(file.entries.map { $0.time / (86_400 * second) } == [0, 61, 426, 36_585])
    }

    @Test(arguments: [
        "2023-13-01 00:00:00", "2023-00-01 00:00:00", "2023-01-32 00:00:00", "2023-01-01 24:00:00", "2023-01-01",
        "2023-01-01 00:00:00.", "2023-01-01 00:00:00+1", "2023/01/01 00:00:00", "1969-01-01 00:00:00",
        "2023-01-01 00:00:00 x",
    ])
    func `what is no instant is refused`(text: String) {
        #expect(throws: LoadError.self) {
            try withFile("TIMESTAMP,ContextTokens,GeneratedTokens\n\(text),1,1\n") {
                _ = try TraceFile(path: $0, format: .azure)
            }
        }
    }

    @Test func `only the wanted rows of a trace are read, its header not among them`() throws {
        let file = try TraceFile(path: fixture("burstgpt.csv"), format: .burstgpt, limits: FileLimits(rows: 2))
        #expect(file.entries.count == 2)
    }
}
