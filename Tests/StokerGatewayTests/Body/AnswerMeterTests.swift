import StokerGateway
import StokerWire
import Testing

@Suite("Counting an answer's worth")
struct AnswerMeterTests {
    static func meter(_ parts: [String]) -> AnswerMeter {
        var meter = AnswerMeter()
        for part in parts {
            let bytes = Array(part.utf8)
            meter.takeEvents(bytes.span, 0..<bytes.count)
        }
        return meter
    }

    static let stream =
        "data: {\"a\":1}\r\n\r\n: note\n\ndata:{\"usage\":null}\n\nevent: x\nid: 1\n"
        + "data: {\"usage\": {\"completion_tokens\":5, \"prompt_tokens\" : 12}}\n\ndata: [DONE]\n\n"

    @Test("events and usage are found wherever the stream was split")
    func splits() {
        let text = Self.stream
        for offset in text.indices {
            let meter = Self.meter([String(text[..<offset]), String(text[offset...])])
            #expect(meter.events == 3)
            #expect(meter.usage == TokenUsage(input: 12, output: 5))
            #expect(meter.isDone)
            #expect(meter.isAtLineStart)
        }
    }

    @Test("without usage each event counts as a token")
    func events() {
        let meter = Self.meter(["data: 1\n\ndata: 2\n\ndata: 3"])
        #expect(meter.events == 2)
        #expect(meter.outputTokens == 2)
        #expect(!meter.isAtLineStart)
    }

    @Test("a line longer than the bound counts once and costs no more memory")
    func overlong() {
        let part = String(repeating: "x", count: 10_000)
        let meter = Self.meter(["data: "] + Array(repeating: part, count: 5) + ["\n\ndata: 1\n"])
        #expect(meter.events == 2)
    }

    @Test("the model's own words about usage are not taken for it")
    func quoted() {
        let meter = Self.meter([#"data: {"content":"\"usage\":{\"prompt_tokens\":9}"}"# + "\n"])
        #expect(meter.usage == nil)
    }

    @Test(
        "what came from the prefix cache is told where the engine says it",
        arguments: [
            (#"{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":7}}"#, 7),
            (#"{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":0}}"#, 0),
            (#"{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":null}"#, nil),
            (#"{"prompt_tokens":9,"completion_tokens":4,"cached_tokens":-1}"#, nil),
        ] as [(String, Int?)])
    func cached(usage: String, tokens: Int?) {
        let meter = Self.meter(["data: {\"choices\":[],\"usage\":\(usage)}\n"])
        #expect(meter.usage == TokenUsage(input: 9, output: 4, cachedInput: tokens))
    }

    @Test("a unary answer's usage is found")
    func document() {
        var meter = AnswerMeter()
        let bytes = Array(#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#.utf8)
        meter.takeDocument(bytes.span, 0..<bytes.count)
        #expect(meter.usage == TokenUsage(input: 3, output: 4))
        #expect(meter.outputTokens == 4)
    }
}
