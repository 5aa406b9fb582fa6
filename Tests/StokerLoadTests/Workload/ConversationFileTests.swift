import StokerLoad
import Testing

@Suite struct ConversationFileTests {
    @Test func `plain rows are prompts, texts or messages`() throws {
        let file = try ConversationFile(path: fixture("prompts.jsonl"), format: .jsonl)
        #expect(
            file.conversations == [
                Conversation(exchanges: [.init(prompt: .text("What is a unit file?"), outputTokens: 64)]),
                Conversation(exchanges: [.init(prompt: .text("Say \"hello\" in Öland."))]),
                Conversation(
                    system: "Be brief.",
                    exchanges: [
                        .init(prompt: .text("One?"), reply: "Two.", outputTokens: 9),
                        .init(prompt: .text("Three?"), outputTokens: 9),
                    ]),
            ])
    }

    @Test(arguments: ["sharegpt.json", "sharegpt.jsonl"])
    func `ShareGPT is read as an array and as lines`(name: String) throws {
        let file = try ConversationFile(path: fixture(name), format: .sharegpt)
        #expect(file.skipped == 1)
        #expect(file.conversations.map(\.exchanges.count) == [2, 1])
        #expect(file.conversations[0].exchanges[0].prompt == .text("Why [is, \"this\"] a }test{?"))
        #expect(file.conversations[0].exchanges.map(\.outputTokens) == [13, nil])
        #expect(file.conversations[1].system == "Rhyme.")
        #expect(file.conversations[1].exchanges[0].reply == "Flow")
    }

    @Test func `no more rows are read than are used, whatever comes after`() throws {
        let limits = FileLimits(rows: 2)
        let read = try withFile("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\nnot JSON at all\n") {
            try ConversationFile(path: $0, format: .jsonl, limits: limits)
        }
        #expect(read.conversations.count == 2)
        let array = try withFile("[{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"}]}, garbage") {
            try ConversationFile(path: $0, format: .sharegpt, limits: FileLimits(rows: 1))
        }
        #expect(array.conversations.count == 1)
    }

    @Test func `windows line ends, a byte order mark and a last line without an end are no matter`() throws {
        let read = try withFile("\u{FEFF}{\"prompt\":\"a\"}\r\n\r\n{\"prompt\":\"b\"}") {
            try ConversationFile(path: $0, format: .jsonl)
        }
        #expect(read.conversations.map(\.exchanges[0].prompt) == [.text("a"), .text("b")])
    }

    @Test(arguments: [
        ("{\"prompt\":\"a\"}\n{\"prompt\":7}\n", ":2: prompt is no text"),
        ("\n\n{\"promt\":\"a\"}", ":3: neither prompt, text nor messages"), ("nonsense", ":1: no JSON"),
        ("{\"prompt\":\"a\",\"max_tokens\":0}", ":1: max_tokens is 0; it must be 1 to"),
        ("{\"prompt\":\"a\",\"max_tokens\":\"9\"}", ":1: max_tokens is no whole number"),
        ("{\"messages\":[{\"role\":\"user\"}]}", ":1: messages.[0].content is missing"),
        ("{\"messages\":{}}", ":1: messages is no list"), ("[{\"prompt\":\"a\"},\n{\"prompt\":", "within"),
        ("", "the file is empty"), ("[]", "the file is empty"),
        ("{\"messages\":[]}", "in none of its 1 rows does a user say anything"),
    ])
    func `a mistake is named with its line and what was expected`(content: String, words: String) throws {
        let error = #expect(throws: LoadError.self) {
            try withFile(content) { _ = try ConversationFile(path: $0, format: .jsonl) }
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `a row of the wrong format says which would be right`() throws {
        let error = #expect(throws: LoadError.self) {
            try ConversationFile(path: fixture("prompts.jsonl"), format: .sharegpt)
        }
        #expect(
            error?.message.contains("prompts.jsonl:1: conversations is missing; expected {\"conversations\"") == true)
    }

    @Test func `rows and files beyond their bounds are refused`() throws {
        let long = "{\"prompt\":\"\(String(repeating: "x", count: 2000))\"}"
        let row = #expect(throws: LoadError.self) {
            try withFile(long) {
                _ = try ConversationFile(path: $0, format: .jsonl, limits: FileLimits(rowBytes: 1000))
            }
        }
        #expect(row?.message.contains(":1: one row of more than 1000 bytes") == true)
        let total = #expect(throws: LoadError.self) {
            try withFile(long + "\n" + long) {
                _ = try ConversationFile(path: $0, format: .jsonl, limits: FileLimits(totalBytes: 3000))
            }
        }
        #expect(total?.message.contains(":2: more than") == true)
    }

    @Test func `a file that is not there is one line`() {
        let error = #expect(throws: LoadError.self) { try ConversationFile(path: "/nowhere/x", format: .jsonl) }
        #expect(error?.message == "/nowhere/x: No such file or directory")
    }

    @Test func `a folder is no data set`() {
        #expect(throws: LoadError.self) { try ConversationFile(path: "/", format: .jsonl) }
    }
}
