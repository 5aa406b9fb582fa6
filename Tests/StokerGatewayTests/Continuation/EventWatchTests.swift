import StokerCore
import StokerGateway
import StokerTesting
import StokerWire
import Testing

@Suite struct EventWatchTests {
    private static let answer = ["知识", " \"a\\b\"", "", " naïve\n", "🔥", " </s> end"]

    private func engine(_ form: FakeEngine.Form, _ escape: FakeEngine.Escape = .plain) -> FakeEngine {
        FakeEngine(form: form, escape: escape, answer: Self.answer)
    }

    @Test(arguments: FakeEngine.Form.allCases, FakeEngine.Escape.allCases)
    func `every engine's stream is read to its end`(form: FakeEngine.Form, escape: FakeEngine.Escape) throws {
        let engine = engine(form, escape)
        let events = try #require(engine.events(engine.request()))
        var watch = EventWatch(engine.route)
        let kinds = StreamReading.kinds(events, &watch)
        #expect(watch.transcript.words == Self.answer.joined())
        #expect(watch.transcript.finishReason == "stop")
        #expect(watch.transcript.isDone && watch.transcript.hasFinalUsage)
        #expect(watch.transcript.hasRole == (engine.route == .chat))
        #expect(watch.transcript.usage?.input == 7)
        let hidden = form == .reasoningChat ? 3 : 0
        #expect(watch.transcript.outputTokens == Self.answer.count + hidden)
        #expect(watch.transcript.textTokens == Self.answer.count)
        #expect(StreamReading.text(watch.transcript.id) == "\"a-1\"")
        #expect(StreamReading.text(watch.transcript.model) == "\"a-model\"")
        #expect(kinds.last == .done)
        #expect(kinds.count { $0 == .finish } == 1)
        #expect(kinds.count { $0 == .opaque } == hidden)
        #expect(!kinds.contains(.error))
    }

    @Test(arguments: FakeEngine.Form.allCases)
    func `without counts each event with text is a token`(form: FakeEngine.Form) throws {
        let engine = engine(form)
        let events = try #require(engine.events(engine.request())).filter { !$0.contains("prompt_tokens\":") }
        guard form != .vllmChatContinuousUsage else { return }
        var watch = EventWatch(engine.route)
        _ = StreamReading.kinds(events, &watch)
        // One of them is empty.
        #expect(watch.transcript.outputTokens == Self.answer.count - 1 + (form == .reasoningChat ? 3 : 0))
        #expect(watch.transcript.usage == nil && watch.transcript.promptTokens == nil)
    }

    @Test(arguments: FakeEngine.Form.allCases)
    func `an event is read alike by comparison and by parsing`(form: FakeEngine.Form) throws {
        let engine = engine(form)
        let events = try #require(engine.events(engine.request()))
        var watch = EventWatch(engine.route)
        let kinds = StreamReading.kinds(events, &watch)
        // A comment at its end makes an event unlike all before it.
        var parser = EventWatch(engine.route)
        let unlike = events.enumerated().map { $1.dropLast() + ": \($0)\n\n" }
        let others = StreamReading.kinds(unlike.map { String($0) }, &parser)
        #expect(others == kinds)
        #expect(parser.transcript == watch.transcript)
    }

    @Test(arguments: [
        (#"{"error":{"message":"no","code":500}}"#, EventKind.error), (#"{"error":"no"}"#, .error),
        (#"{"object":"error","message":"no"}"#, .error),
        (#"{"id":"x","error":{"code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#, .error),
        (#"{"choices":[{"delta":{"content":""},"finish_reason":"abort"}]}"#, .error),
        (#"{"error":null,"choices":[{"delta":{"content":"a"}}]}"#, .delta),
        (#"{"choices":[{"delta":{"content":"{\"error\":1}"}}]}"#, .delta),
        (#"{"choices":[],"prompt_filter_results":[{"index":0}]}"#, .delta),
        (#"{"choices":[{"index":0,"delta":{"content":"a"},"content_filter_results":{},"seed":17}]}"#, .delta),
        (
            #"{"choices":[{"delta":{"content":"a","tool_calls":[],"refusal":null,"annotations":[ ]},"logprobs":null}]}"#,
            .delta
        ),
        (
            #"{"choices":[{"delta":{"content":"a"},"token_ids":[1,2]}],"prompt_token_ids":[3],"sglext":{"a":"b"}}"#,
            .delta
        ),
        (#"{"choices":[{"delta":null,"finish_reason":"stop"}]}"#, .finish),
        (#"{"choices":[{"delta":{"tool_calls":[{"index":0}]},"finish_reason":"tool_calls"}]}"#, .finish),
        (#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#, .usage),
        ("[DONE]", .done), ("[DONE] ", .done),
    ])
    func `each event is told for what it is`(payload: String, kind: EventKind) {
        #expect(StreamReading.watch(.chat, [payload]).kinds == [kind])
    }

    @Test func `lines that are no data say nothing, unless they say error`() {
        let events = [
            ": comment\n\n", "\n", "id: 1\nretry: 5\n\n", "event: error\ndata: overloaded\n\n",
            "error: {\"code\":500}\n\n", "event: error\n\n", "data\n\n", "event: message\n\n", "\r\n", ":\r\r",
        ]
        var watch = EventWatch(.chat)
        let kinds = StreamReading.kinds(events, &watch)
        #expect(
            kinds == [
                .blank, .blank, .blank, .error, .error, .error, .opaque, .blank, .blank, .blank,
            ])
    }

    @Test func `a byte order mark belongs to no field`() {
        var watch = EventWatch(.chat)
        let event = "\u{FEFF}data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
        let kinds = StreamReading.kinds([event, event], &watch)
        #expect(kinds == [.delta, .blank])
        #expect(watch.transcript.words == "a")
    }

    @Test func `a text that looks like the end of its event is not taken for it`() {
        let texts = [#"a"#, #"\"}}]}"#, #"\\"#, #"\\\""#, #"x\"},\"y\":{\"z"#, #"\u00e9"#, "end"]
        let (watch, kinds) = StreamReading.watch(.chat, texts.map { #"{"choices":[{"delta":{"content":"\#($0)"}}]}"# })
        #expect(kinds == Array(repeating: .delta, count: texts.count))
        #expect(StreamReading.text(watch.transcript.text) == texts.joined())
    }

    @Test func `what only begins and ends like the event before is parsed`() {
        let (watch, kinds) = StreamReading.watch(
            .chat,
            [
                #"{"choices":[{"delta":{"content":"a"}}]}"#,
                #"{"choices":[{"delta":{"content":"b","tool_calls":[{"x":"c"}]}}]}"#,
            ])
        #expect(kinds == [.delta, .opaque])
        #expect(watch.transcript.fitness == .unfit(.toolCall))
    }

    @Test func `counts at each event are kept, and events since are added`() {
        func chunk(_ text: String, _ usage: String) -> String {
            #"{"choices":[{"delta":{"content":"\#(text)"}}],"usage":\#(usage)}"#
        }
        let (watch, _) = StreamReading.watch(
            .chat, [chunk("a", #"{"prompt_tokens":9,"completion_tokens":5}"#), chunk("b", "null"), chunk("c", "null")])
        #expect(watch.transcript.outputTokens == 7)
        #expect(watch.transcript.promptTokens == 9)
        #expect(!watch.transcript.hasFinalUsage)
        // Counts that are always 0 are none.
        let zero = StreamReading.watch(.chat, [chunk("a", #"{"prompt_tokens":0,"completion_tokens":0}"#)]).watch
        #expect(zero.transcript.outputTokens == 1 && zero.transcript.promptTokens == nil)
    }

    @Test func `other streams are counted and never continued`() {
        let (watch, kinds) = StreamReading.watch(
            .other, [#"{"type":"x"}"#, #"{"response":{"usage":{"prompt_tokens":3,"completion_tokens":4}}}"#, "[DONE]"])
        #expect(kinds == [.opaque, .opaque, .done])
        #expect(watch.transcript.outputTokens == 4 && watch.transcript.fitness == .unfit(.route))
    }

    @Test func `a stream that nobody will continue is counted and not kept`() {
        var watch = EventWatch(.chat, keepsText: false)
        _ = StreamReading.kinds(["data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"], &watch)
        #expect(watch.transcript.text.isEmpty && watch.transcript.outputTokens == 1)
        #expect(watch.transcript.fitness == .unfit(.off))
    }

    private static func stamped(
        _ text: String, created: String = "1700000000", sent: String = "5", index: String = "0"
    ) -> String {
        #"{"created":\#(created),"choices":[{"index":\#(index),"delta":{"content":"\#(text)"}}],"sent":\#(sent)}"#
    }

    @Test(arguments: [
        stamped("b", created: "1700000001"), stamped("b", sent: "6"), stamped("b", created: "9", sent: "123456789012"),
        stamped("b", created: "0", sent: "18446744073709551615"), stamped("b", sent: "1844674407370955161599"),
        stamped("b", created: "-1"), stamped("b", created: "1.5e3"), stamped("b", created: "null"),
        stamped("b", sent: #""now""#), stamped("b", sent: "[1]"), stamped("b", sent: #"7,"more":8"#),
        stamped("b", created: " 1700000000"),
    ])
    func `numbers that an engine stamps its chunks with may be others`(payload: String) {
        let (watch, kinds) = StreamReading.watch(.chat, [Self.stamped("a"), payload, Self.stamped("c", sent: "7")])
        #expect(kinds == [.delta, .delta, .delta])
        #expect(watch.transcript.words == "abc" && watch.transcript.fitness == .plain)
    }

    @Test(arguments: [
        (stamped("b", index: "1"), ContinuationObstacle.choices), (stamped("b", created: "017"), .notJSON),
        (stamped("b", sent: "017"), .notJSON), (stamped("b", created: ""), .notJSON),
        (stamped("b", sent: "7}"), .notJSON), (stamped("b", sent: "7 8"), .notJSON),
    ])
    func `other numbers may not, and no number may be broken`(payload: String, obstacle: ContinuationObstacle) {
        let (watch, kinds) = StreamReading.watch(.chat, [Self.stamped("a"), payload])
        #expect(kinds == [.delta, .opaque])
        #expect(watch.transcript.fitness == .unfit(obstacle))
    }

    @Test func `counts and errors at the root are no stamps`() {
        let ends = [#""usage":{"prompt_tokens":3,"completion_tokens":4}"#, #""error":7"#]
        for end in ends {
            let payloads = ["a", "b"].map { #"{"choices":[{"delta":{"content":"\#($0)"}}],\#(end)}"# }
            let (watch, kinds) = StreamReading.watch(.chat, [Self.stamped("x")] + payloads)
            #expect(kinds.dropFirst().allSatisfy { $0 == (end.contains("error") ? .error : .delta) })
            #expect((watch.transcript.usage?.output == 4) == end.contains("usage"))
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `changed events are read alike by comparison and by parsing`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = Array(#"0123456789",:{}[]\-.e x"#.utf8)
        var (watch, parser) = (EventWatch(.chat), EventWatch(.chat))
        for number in 0..<200 {
            let event = "data: " + Self.stamped("\(number)", created: "\(number / 7)", sent: "\(number)") + "\n\n"
            var bytes = Array(event.utf8)
            for _ in 0..<random.next() % 3 {
                let place = 6 + Int(random.next() % UInt64(bytes.count - 8))
                bytes[place] = letters[Int(random.next() % UInt64(letters.count))]
            }
            // A comment at its end makes an event unlike all before it.
            let unlike = bytes.dropLast() + Array(": \(number)\n\n".utf8)
            let kind = watch.take(bytes.span, 0..<bytes.count)
            #expect(kind == parser.take(Array(unlike).span, 0..<unlike.count))
        }
        #expect(watch.transcript == parser.transcript)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `mutated events never crash`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for form in FakeEngine.Form.allCases {
            let engine = engine(form)
            let events = try #require(engine.events(engine.request()))
            for _ in 0..<10 {
                var watch = EventWatch(engine.route)
                for event in events {
                    var bytes = Array(event.utf8)
                    for _ in 0..<random.next() % 3 { random.mutate(&bytes) }
                    _ = watch.take(bytes.span, 0..<bytes.count)
                }
                let isTold = watch.transcript.fitness == .plain || watch.transcript.outputTokens >= 0
                #expect(isTold)
            }
        }
    }
}
