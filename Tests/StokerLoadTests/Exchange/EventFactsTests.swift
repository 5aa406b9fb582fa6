import StokerCore
import StokerLoad
import StokerWire
import Testing

@Suite struct EventFactsTests {
    private func facts(_ text: String) -> EventFacts {
        let bytes = Array(text.utf8)
        return EventFacts(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: [
        #"{"id":"a","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
        #"{"choices": [{"delta": {"content": " spaced as Python's json writes it"}}]}"#,
        #"{"choices":[{"text":" lorem","logprobs":null,"finish_reason":null}]}"#,
        #"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{\"a\""}}]}}]}"#,
        #"{"choices":[{"delta":{"content":"\"error\":{"}}]}"#,
        #"{"choices":[{"delta":{"reasoning_content":"hm","content":"yes"}}]}"#,
    ])
    func `text and tool arguments are output`(text: String) {
        #expect(facts(text).kind == .output)
    }

    @Test(arguments: [
        #"{"choices":[{"delta":{"reasoning_content":"Let me see","content":null}}]}"#,
        #"{"choices":[{"delta":{"reasoning":"Let me see"}}]}"#,
    ])
    func `reasoning is told apart`(text: String) {
        #expect(facts(text).kind == .reasoning)
    }

    @Test(arguments: [
        #"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        #"{"choices":[{"delta":{"role":"assistant","content":null}}]}"#,
        #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9}}"#,
        #"{"error":null}"#, "", "not json", "\"", "{\"content\"", "{\"content\":",
    ])
    func `a role, a count or a fragment is no token`(text: String) {
        #expect(facts(text).kind == .other)
    }

    @Test(arguments: [
        #"{"error":{"message":"CUDA out of memory","code":500}}"#, #"{"error":"model not found"}"#,
        #"{"object":"error","message":"boom"}"#, #"{"object": "error"}"#,
    ])
    func `an error object is an error whatever the status was`(text: String) {
        #expect(facts(text).kind == .error)
    }

    @Test func `the last token may say why the answer ends`() {
        let last = facts(#"{"choices":[{"text":"x","finish_reason":"length","stop_reason":null}]}"#)
        #expect(last == EventFacts(kind: .output, hasFinish: true))
    }

    @Test func `usage is found, also beside a token`() {
        let text =
            #"{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":70,"total_tokens":79,"completion_tokens":9}}"#
        #expect(facts(text).usage == TokenUsage(input: 70, output: 9))
    }

    @Test func `done is done, with or without what follows`() {
        #expect(facts("[DONE]").kind == .done)
        #expect(facts("[DONE] ").kind == .done)
    }

    @Test func `an event reads the same wherever the text stood in the one before`() {
        let events = [
            #"{"id":"a","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
            #"{"id":"a","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}"#,
            #"{"id":"a","choices":[{"text":" x","finish_reason":"length"}],"usage":{"prompt_tokens":7}}"#,
            #"{"error":{"message":"boom"}}"#, "[DONE]", "", #"{"choices":[{"delta":{"reasoning":"hm"}}]}"#,
        ]
        for event in events {
            let bytes = Array(event.utf8)
            for place in 0...bytes.count + 2 {
                // Only where the key of the text really stands there does it matter, and then it is right.
                var textAt = place
                #expect(EventFacts(bytes.span, 0..<bytes.count, textAt: &textAt) == facts(event))
            }
        }
    }

    @Test func `any bytes are borne`() {
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<2000 {
            let bytes = (0..<Int(generator.next() % 60)).map { _ in Self.alphabet[Int(generator.next() % 16)] }
            _ = EventFacts(bytes.span, 0..<bytes.count)
            _ = EventFacts.isError(bytes.span, 0..<bytes.count)
        }
    }

    private static let alphabet = Array(#"{}[]":,\ erot1nd"#.utf8)
}
