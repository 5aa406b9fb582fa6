import StokerGateway
import StokerWire
import Testing

@Suite struct FitnessTests {
    private static func chat(_ delta: String, _ rest: String = "") -> String {
        #"{"choices":[{"index":0,"delta":{\#(delta)}\#(rest)}]}"#
    }

    private static let text = chat(#""content":"a""#)

    @Test(arguments: [
        (chat(#""tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]"#), ContinuationObstacle.toolCall),
        (chat(#""function_call":{"name":"f"}"#), .toolCall),
        (chat(#""refusal":"I cannot""#), .refusal),
        (chat(#""content":"a""#, #","logprobs":{"content":[{"token":"a"}]}"#), .logprobs),
        (#"{"choices":[{"index":1,"delta":{"content":"a"}}]}"#, .choices),
        (#"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}"#, .choices),
        (chat(#""content":[{"type":"text","text":"a"}]"#), .unknownShape),
        (chat(#""content":"a","content":"b""#), .unknownShape),
        (chat(#""audio":{"data":"x"}"#), .unknownShape),
        (chat(#""content":"a""#, #","more":"text""#), .unknownShape),
        (chat(#""co\u006etent":"a""#), .unknownShape),
        (#"{"choices":[{"text":"a"}]}"#, .unknownShape), (#"{"choices":{}}"#, .unknownShape),
        (#"{"choices":[1]}"#, .unknownShape), (#"{"detail":"no"}"#, .unknownShape), ("[]", .unknownShape),
        (#"{"choices":[],"choices":[]}"#, .unknownShape),
        ("hello", .unknownShape), (#"{"choices":[}"#, .notJSON), (#"{"choices":[]} x"#, .notJSON),
    ])
    func `what is no plain text is never continued, whatever follows`(payload: String, why: ContinuationObstacle) {
        let (watch, kinds) = StreamReading.watch(.chat, [Self.text, payload, Self.text])
        #expect(kinds == [.delta, .opaque, .delta])
        #expect(watch.transcript.fitness == .unfit(why))
        #expect(watch.transcript.text.isEmpty)
    }

    @Test(arguments: ["reasoning_content", "reasoning", "thinking"])
    func `open reasoning is not continued, and what follows it is`(key: String) {
        let thought = Self.chat(#""\#(key)":"hm""#)
        let (open, kinds) = StreamReading.watch(.chat, [thought, thought])
        #expect(kinds == [.opaque, .opaque])
        #expect(open.transcript.fitness == .unfit(.reasoning))
        let (closed, _) = StreamReading.watch(.chat, [thought, thought, Self.text])
        #expect(closed.transcript.fitness == .plain)
        #expect(closed.transcript.outputTokens == 3 && closed.transcript.textTokens == 1)
        let (again, _) = StreamReading.watch(.chat, [thought, Self.text, thought])
        #expect(again.transcript.fitness == .unfit(.reasoning))
    }

    @Test(arguments: [
        ("<think>a", true), ("<think>a</think>b", false), ("x</think>", false), (#"\u003cthink\u003e a"#, true),
        ("<think>a</think><think>", true), ("[THINK]a", true), ("<thinking>a</thinking>", false), ("a < b", false),
    ])
    func `reasoning as part of the text counts while it is open`(text: String, isOpen: Bool) {
        let (watch, _) = StreamReading.watch(.chat, [Self.chat("\"content\":\"\(text)\"")])
        #expect(watch.transcript.fitness == (isOpen ? .unfit(.reasoning) : .plain))
    }

    @Test func `a thinking mark split over events is found`() {
        let parts = ["<", "thi", "nk", ">hm"].map { Self.chat("\"content\":\"\($0)\"") }
        #expect(StreamReading.watch(.chat, parts).watch.transcript.fitness == .unfit(.reasoning))
    }

    @Test func `half a character cannot be continued, the whole one can`() {
        let high = Self.chat(#""content":"x\ud83d""#)
        let low = Self.chat(#""content":"\ude00y""#)
        #expect(StreamReading.watch(.chat, [high]).watch.transcript.fitness == .unfit(.brokenText))
        let whole = StreamReading.watch(.chat, [high, low]).watch.transcript
        #expect(whole.fitness == .plain && whole.words == "x😀y")
        #expect(StreamReading.watch(.chat, [low]).watch.transcript.fitness == .unfit(.brokenText))
    }

    @Test func `bytes that are no UTF-8 cannot be continued`() {
        var event = Array("data: {\"choices\":[{\"delta\":{\"content\":\"a".utf8)
        event += [0xC3, 0x28]
        event += Array("\"}}]}\n\n".utf8)
        var watch = EventWatch(.chat)
        let kind = watch.take(event.span, 0..<event.count)
        #expect(kind == .delta)
        #expect(watch.transcript.fitness == .unfit(.brokenText))
    }

    @Test func `a text over the bound is let go`() {
        let part = String(repeating: "a", count: StreamTranscript.maxText / 2)
        let most = StreamReading.watch(
            .chat, [Self.chat("\"content\":\"\(part)\""), Self.chat("\"content\":\"\(part)\"")])
        #expect(most.watch.transcript.text.count == StreamTranscript.maxText)
        var watch = most.watch
        _ = StreamReading.kinds(["data: \(Self.text)\n\n"], &watch)
        #expect(watch.transcript.fitness == .unfit(.tooLong))
        #expect(watch.transcript.text.isEmpty && watch.transcript.outputTokens == 3)
    }

    @Test(arguments: ContinuationObstacle.allCases)
    func `every obstacle is put in words and has a name for a label`(obstacle: ContinuationObstacle) {
        #expect(!obstacle.text.isEmpty && obstacle.text.first?.isUppercase == false)
        #expect(obstacle.rawValue.allSatisfy { $0.isLowercase || $0 == "_" })
    }
}
