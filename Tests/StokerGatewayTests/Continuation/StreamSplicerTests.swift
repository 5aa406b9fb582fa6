import StokerCore
import StokerGateway
import StokerTesting
import StokerWire
import Testing

@Suite struct StreamSplicerTests {
    /// A splicer after these tokens of a chat by engine `a`.
    private static func splicer(
        _ tokens: [String], stop: [String] = [], more: String = "", usage: String = "null", role: Bool = true
    ) throws -> StreamSplicer {
        let engine = FakeEngine(form: .vllmChat, answer: tokens)
        let marks = #""id":"a-1","created":100,"model":"a-model""#
        let role = role ? [#"{\#(marks),"choices":[{"delta":{"role":"assistant","content":""}}]}"#] : []
        let payloads =
            role
            + tokens.map { #"{\#(marks),"choices":[{"delta":{"content":\#(engine.literal($0))}}],"usage":\#(usage)}"# }
        let body = engine.request(stop: stop, extra: more)
        let transcript = StreamReading.watch(.chat, payloads).watch.transcript
        return StreamSplicer(
            continuing: transcript, try ContinuationRequest.read(body.span, route: .chat))
    }

    private static func take(_ payload: String, _ splicer: inout StreamSplicer) -> StreamSplicer.Verdict {
        let bytes = Array("data: \(payload)\n\n".utf8)
        return splicer.take(bytes.span, 0..<bytes.count)
    }

    private static func chunk(_ text: String, _ finish: String = "null") -> String {
        #"{"id":"b-9","choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(finish)}],"model":"b"}"#
    }

    private static func renamed(_ text: String, _ finish: String = "null") -> StreamSplicer.Verdict {
        forward(
            #"{"id":"a-1","choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(finish)}],"#
                + #""model":"a-model"}"#)
    }

    private static func forward(_ payload: String) -> StreamSplicer.Verdict {
        .forward(Array("data: \(payload)\n\n".utf8))
    }

    @Test func `a chunk gets the names of the first engine and stays as it is otherwise`() throws {
        var splicer = try Self.splicer(["Hello"])
        #expect(Self.take(Self.chunk(#" w\u00f6rld\n"#), &splicer) == Self.renamed(#" w\u00f6rld\n"#))
        #expect(splicer.transcript.words == "Hello wörld\n")
        let spaced = #"{ "created":5, "x":{"id":"b"}, "choices":[{"delta":{"content":"c"}}] , "timings":{"a":1.5} }"#
        #expect(
            Self.take(spaced, &splicer)
                == Self.forward(spaced.replacing("\"created\":5", with: "\"created\":100")))
    }

    @Test(arguments: [
        (#"{"role":"assistant","content":"c"}"#, #"{"content":"c"}"#),
        (#"{"content":"c","role":"assistant"}"#, #"{"content":"c"}"#),
        (#"{ "content":"c" , "role" : "assistant" , "x":1}"#, #"{ "content":"c" , "x":1}"#),
        (#"{"role":null,"content":"c"}"#, #"{"role":null,"content":"c"}"#),
        (#"{"x":1,"role":"assistant","content":"c"}"#, #"{"x":1,"content":"c"}"#),
    ])
    func `the role is said once`(delta: String, without: String) throws {
        var splicer = try Self.splicer(["a"])
        #expect(
            Self.take(#"{"choices":[{"delta":\#(delta)}]}"#, &splicer)
                == Self.forward(#"{"choices":[{"delta":\#(without)}]}"#))
    }

    @Test(arguments: [
        #"{"role":"assistant","content":""}"#, #"{"role":"assistant","content":null}"#, #"{"role":"assistant"}"#, "{}",
    ])
    func `a chunk that says nothing new is left out`(delta: String) throws {
        var splicer = try Self.splicer(["a"])
        #expect(Self.take(#"{"choices":[{"delta":\#(delta),"finish_reason":null}],"usage":null}"#, &splicer) == .drop)
    }

    @Test func `a role that was never said may still come`() throws {
        var splicer = try Self.splicer(["a"], role: false)
        let role = #"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#
        #expect(Self.take(role, &splicer) == Self.forward(role))
        #expect(splicer.transcript.hasRole)
    }

    @Test func `counts are those of the whole, in every event that has some`() throws {
        var splicer = try Self.splicer(["a", "b", "c"])
        let counts = #"{"choices":[],"usage":{"prompt_tokens":\#(10),"completion_tokens":4,"total_tokens":14,"#
        let details = #""prompt_tokens_details":{"cached_tokens":9}}}"#
        let whole = #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":7,"total_tokens":14,"#
        #expect(
            Self.take(counts + details, &splicer)
                == Self.forward(whole + #""prompt_tokens_details":{"cached_tokens":7}}}"#))
        #expect(splicer.transcript.usage == TokenUsage(input: 7, output: 7))
    }

    @Test func `counts that the first engine gave are exact`() throws {
        var splicer = try Self.splicer(["a"], usage: #"{"prompt_tokens":5,"completion_tokens":3}"#)
        let verdict = Self.take(#"{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":2}}"#, &splicer)
        #expect(verdict == Self.forward(#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":5}}"#))
    }

    @Test func `the end mark comes once, and nothing after it`() throws {
        var splicer = try Self.splicer(["a"])
        #expect(Self.take("[DONE]", &splicer) == Self.forward("[DONE]"))
        #expect(Self.take("[DONE]", &splicer) == .drop)
        #expect(Self.take(Self.chunk("b"), &splicer) == .drop)
        #expect(splicer.transcript.isDone)
    }

    @Test func `the end mark releases text that waited for a stop text`() throws {
        var splicer = try Self.splicer(["a #"], stop: ["###"])
        #expect(Self.take(Self.chunk("#"), &splicer) == .drop)
        guard case .forward(let bytes) = Self.take("[DONE]", &splicer) else {
            Issue.record("the end mark must pass")
            return
        }
        let view = ClientView(bytes)
        #expect(view.text == "#" && view.ends == 1)
        #expect(splicer.transcript.words == "a ##")
    }

    @Test func `comments pass`() throws {
        var splicer = try Self.splicer(["a"])
        let comment = Array(": keep-alive\r\n\r\n".utf8)
        let verdict = splicer.take(comment.span, 0..<comment.count)
        #expect(verdict == .comment(comment))
    }

    @Test(arguments: [
        #"{"error":{"message":"no"}}"#, #"{"object":"error","message":"no"}"#,
        #"{"choices":[{"delta":{"content":"b"},"finish_reason":"abort"}]}"#,
    ])
    func `an engine's failure is not for the client`(payload: String) throws {
        var splicer = try Self.splicer(["a"])
        #expect(Self.take(payload, &splicer) == .failed)
        #expect(splicer.transcript.words == "a")
    }

    @Test(arguments: [
        (#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, ContinuationObstacle.toolCall),
        (#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#, .reasoning),
        (#"{"choices":[{"delta":{"reasoning":"hm"},"finish_reason":"stop"}]}"#, .reasoning),
        (#"{"choices":[{"text":"a"}]}"#, .unknownShape), ("hello", .unknownShape), ("{", .notJSON),
    ])
    func `what cannot be part of the stream breaks it off`(payload: String, why: ContinuationObstacle) throws {
        var splicer = try Self.splicer(["a"])
        #expect(Self.take(payload, &splicer) == .breakOff(why))
    }

    @Test func `an echo of the whole text is dropped once, however it is escaped`() throws {
        let said = ["Ein café, ", "bitte \"sofort\""]
        var splicer = try Self.splicer(said)
        #expect(Self.take(Self.chunk(#"Ein caf\u00e9, bitte \u0022sofort\""#), &splicer) == .drop)
        #expect(Self.take(Self.chunk(" und"), &splicer) == Self.renamed(" und"))
        #expect(
            Self.take(Self.chunk(#"Ein café, bitte \"sofort\""#), &splicer)
                == Self.renamed(#"Ein café, bitte \"sofort\""#))
        var longer = try Self.splicer(said)
        #expect(Self.take(Self.chunk(#"Ein café, bitte \"sofort\" \"und\""#), &longer) == Self.renamed(#" \"und\""#))
        #expect(longer.transcript.words == said.joined() + " \"und\"")
    }

    @Test func `a short text or a part of it may well come again`() throws {
        var short = try Self.splicer(["la la la"])
        #expect(Self.take(Self.chunk("la la la"), &short) == Self.renamed("la la la"))
        var part = try Self.splicer(["one two three four"])
        #expect(Self.take(Self.chunk("one two three"), &part) == Self.renamed("one two three"))
    }

    @Test func `a seam is told in a comment of one line`() {
        let comment = StreamSplicer.seamComment(backend: "a\r\nb", reason: "it fell silent\u{0}")
        #expect(StreamReading.text(comment) == ": stoker: continued on a  b after it fell silent \n\n")
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `mutated events never crash`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let engine = FakeEngine(form: .llamaChat, answer: ["a", "b#", "##", "c"])
        let events = try #require(engine.events(engine.request()))
        for _ in 0..<100 {
            var splicer = try Self.splicer(["x #"], stop: ["###"])
            for event in events {
                var bytes = Array(event.utf8)
                for _ in 0..<random.next() % 3 { random.mutate(&bytes) }
                _ = splicer.take(bytes.span, 0..<bytes.count)
            }
            let hasWords = splicer.transcript.words?.hasPrefix("x #") ?? true
            #expect(hasWords)
        }
    }
}

/// Stop texts that begin before the seam and end after it.
@Suite struct StopAcrossSeamTests {
    private static let done = "data: [DONE]\n\n"

    /// What the client gets after the seam: the text before, and the pieces that follow.
    private static func splice(
        _ before: String, _ pieces: [String], stop: [String], more: String = "", finish: String? = nil
    ) throws -> (sent: String, isEnded: Bool, transcript: StreamTranscript) {
        let engine = FakeEngine(form: .vllmChat, answer: [])
        let body = engine.request(stop: stop, extra: more)
        let watch = StreamReading.watch(.chat, [#"{"choices":[{"delta":{"content":\#(engine.literal(before))}}]}"#])
            .watch
        var splicer = StreamSplicer(
            continuing: watch.transcript, try ContinuationRequest.read(body.span, route: .chat))
        var sent: [UInt8] = []
        let ends = finish.map { [#"{"choices":[{"delta":{},"finish_reason":"\#($0)"}]}"#] } ?? []
        for payload in pieces.map({ #"{"choices":[{"delta":{"content":\#(engine.literal($0))}}]}"# }) + ends {
            let bytes = Array("data: \(payload)\n\n".utf8)
            switch splicer.take(bytes.span, 0..<bytes.count) {
            case .forward(let bytes), .comment(let bytes): sent += bytes
            case .end(let bytes): return (StreamReading.text(sent + bytes), true, splicer.transcript)
            case .drop: break
            case .failed, .breakOff: Issue.record("no verdict for a plain text")
            }
        }
        return (StreamReading.text(sent), false, splicer.transcript)
    }

    @Test(arguments: [
        ("a #", ["##", "b"], ["###"]), ("a #", ["#", "#", "b"], ["###"]), ("a ##", ["# b"], ["x", "###"]),
        ("tell me Use", ["r:"], ["User:"]), ("é\n", ["\n"], ["\n\n"]), ("知", ["识库"], ["知识"]),
        ("aab", ["aac"], ["abaac"]), ("x", ["yz"], ["xyz", "xy"]),
    ])
    func `ends the stream there`(before: String, pieces: [String], stop: [String]) throws {
        let end = try Self.splice(before, pieces, stop: stop)
        #expect(end.isEnded)
        let view = ClientView(Array(end.sent.utf8))
        #expect(view.text == "" && view.finishes == ["stop"] && view.ends == 1)
        #expect(end.transcript.words == before && end.transcript.isDone)
    }

    @Test(arguments: [
        ("a #", ["#", "b"], ["###"]), ("a", ["#", "##"], ["###"]), ("###", ["b"], ["###"]), ("a #", ["b##"], ["###"]),
        ("ab", ["c"], ["abd", "bd"]), ("a", ["b"], []), ("#", ["#"], [""]),
    ])
    func `does nothing where none reaches over it`(before: String, pieces: [String], stop: [String]) throws {
        let end = try Self.splice(before, pieces, stop: stop, finish: "stop")
        #expect(!end.isEnded)
        #expect(ClientView(Array(end.sent.utf8)).text == pieces.joined())
        #expect(end.transcript.words == before + pieces.joined())
    }

    @Test func `text that may belong to one waits, and comes when it does not`() throws {
        let waiting = try Self.splice("a #", ["#"], stop: ["###"])
        #expect(waiting.sent == "" && waiting.transcript.words == "a #")
        let released = try Self.splice("a #", ["#", "x"], stop: ["###"])
        #expect(ClientView(Array(released.sent.utf8)).text == "#x")
        #expect(released.transcript.outputTokens == 3)
        let ended = try Self.splice("a #", ["#"], stop: ["###"], finish: "length")
        let view = ClientView(Array(ended.sent.utf8))
        #expect(view.text == "#" && view.finishes == ["length"])
    }

    @Test func `is part of the answer where the request says so`() throws {
        let end = try Self.splice("a #", ["#", "# b"], stop: ["###"], more: #","include_stop_str_in_output":true"#)
        #expect(end.isEnded && end.transcript.words == "a ###")
        #expect(ClientView(Array(end.sent.utf8)).text == "##")
    }
}

/// The end that the gateway writes when no backend is needed any more.
@Suite struct StreamCloseTests {
    private static func transcript(_ route: Route, _ payloads: [String]) -> StreamTranscript {
        StreamReading.watch(route, payloads).watch.transcript
    }

    @Test func `has the form of the stream`() {
        let marks = #""id":"x\"1","created":5,"model":"m""#
        var chat = Self.transcript(.chat, [#"{\#(marks),"choices":[{"delta":{"content":"a"}}]}"#])
        #expect(
            StreamReading.text(chat.close(.length, includesUsage: true))
                == #"data: {\#(marks),"object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"logprobs":null,"#
                + "\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n")
        #expect(chat.finishReason == "length" && chat.isDone)
        #expect(chat.close(.length, includesUsage: true).isEmpty)
        var text = Self.transcript(.completions, [#"{\#(marks),"choices":[{"text":"a"}]}"#])
        #expect(
            StreamReading.text(text.close(.stop, rest: "\n", includesUsage: false))
                == #"data: {\#(marks),"object":"text_completion","choices":[{"index":0,"text":"\n","logprobs":null,"#
                + "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
        #expect(text.words == "a\n")
    }

    @Test func `tells the counts where an engine has told the prompt's`() {
        let usage = #""usage":{"prompt_tokens":9,"completion_tokens":1}"#
        var known = Self.transcript(.chat, [#"{"choices":[{"delta":{"content":"a"}}],\#(usage)}"#])
        let view = ClientView(known.close(.length, includesUsage: true))
        #expect(view.usage == ["prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10])
        #expect(view.ends == 1 && view.finishes == ["length"])
    }

    @Test func `adds only what is missing`() {
        let finish = #"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}"#
        let usage = #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#
        var finished = Self.transcript(.chat, [finish])
        #expect(StreamReading.text(finished.close(.length, includesUsage: true)) == "data: [DONE]\n\n")
        var counted = Self.transcript(.chat, [finish, usage])
        #expect(StreamReading.text(counted.close(.length, includesUsage: true)) == "data: [DONE]\n\n")
        #expect(counted.finishReason == "stop")
    }
}
