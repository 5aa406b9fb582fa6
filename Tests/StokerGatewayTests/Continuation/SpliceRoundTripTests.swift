import StokerCore
import StokerGateway
import StokerWire
import Testing

/// A stream that is broken anywhere and goes on elsewhere is, to its client, the stream that was never broken.
@Suite struct SpliceRoundTripTests {
    private static let pieces = [
        "知识库", " \"sic\"", "a\\b", " naïve", "🔥", "\n", "\n\n", " </s>", "<b>", "x", " the", "\u{1}", "\u{7F}", "é",
        " {\"a\":1}",
        "👩‍👩‍👧", "#", "##", "</", " data: x",
    ]

    /// A stream on its way to a client, by as many backends as it takes.
    private struct Relay {
        var body: [UInt8]
        var first: FakeEngine
        var sent: [UInt8] = []
        var transcript: StreamTranscript
        var isComplete = false

        init(_ engine: FakeEngine, _ body: [UInt8], cutAfter cut: Int) throws {
            self.body = body
            first = engine
            var watch = EventWatch(engine.route)
            for event in try #require(engine.events(body)).prefix(cut) {
                let bytes = Array(event.utf8)
                _ = watch.take(bytes.span, 0..<bytes.count)
                sent += bytes
            }
            transcript = watch.transcript
        }

        /// Goes on at another engine, for so many events.
        mutating func continued(on engine: FakeEngine, cutAfter cut: Int = .max) throws {
            guard !isComplete else { return }
            let request = try ContinuationRequest.read(body.span, route: engine.route)
            switch request.body(body.span, continuing: transcript, on: engine.dialect, begunOn: first.dialect) {
            case .impossible(let obstacle): Issue.record("\(obstacle.text)")
            case .complete:
                sent += transcript.close(.length, includesUsage: request.includesUsage)
                isComplete = true
            case .send(let next):
                let events = try #require(engine.events(next, time: 200), "\(StreamReading.text(next))")
                sent += StreamSplicer.seamComment(backend: engine.name, reason: "a test")
                var splicer = StreamSplicer(continuing: transcript, request)
                take(Array(events.prefix(cut)), &splicer)
                transcript = splicer.transcript
            }
        }

        private mutating func take(_ events: [String], _ splicer: inout StreamSplicer) {
            for event in events {
                let bytes = Array(event.utf8)
                switch splicer.take(bytes.span, 0..<bytes.count) {
                case .forward(let bytes), .comment(let bytes): sent += bytes
                case .drop: break
                case .end(let bytes):
                    sent += bytes
                    isComplete = true
                    return
                case .failed, .breakOff: Issue.record("\(event)")
                }
            }
        }
    }

    private func expectWhole(
        _ relay: Relay, like whole: ClientView, of engine: FakeEngine, maySkipCounts: Bool = false,
        _ place: SourceLocation = #_sourceLocation
    ) {
        var view = ClientView(relay.sent)
        #expect(view.comments.contains { $0.contains("continued on") } || relay.isComplete, sourceLocation: place)
        view.comments = whole.comments
        // A real prompt's count has details of its own request, such as what was cached.
        if maySkipCounts, view.usage.isEmpty { view.usage = whole.usage }
        // Some engines date each chunk anew: then the first one's time is among them.
        if whole.times.count > 1 {
            #expect(view.times.isSubset(of: whole.times), sourceLocation: place)
            view.times = whole.times
        }
        #expect(view == whole, "\(engine.form) \(StreamReading.text(relay.sent))", sourceLocation: place)
    }

    @Test(arguments: FakeEngine.Form.allCases, FakeEngine.Escape.allCases)
    func `cut after any event`(form: FakeEngine.Form, escape: FakeEngine.Escape) throws {
        let answer = Array(Self.pieces.prefix(12))
        var engine = FakeEngine(form: form, escape: escape, answer: answer)
        engine.lineEnd = escape == .plain ? "\n" : "\r\n"
        for maxTokens in [nil, 6, 100] {
            let body = engine.request(maxTokens: maxTokens)
            let events = try #require(engine.events(body))
            let whole = ClientView(Array(events.joined().utf8))
            let firstFinish = try #require(events.firstIndex { $0.contains("\"stop\"") || $0.contains("\"length\"") })
            for cut in 0..<firstFinish {
                let other = FakeEngine(
                    form: form, escape: escape == .plain ? .ascii : .plain, answer: answer, name: "b")
                var relay = try Relay(engine, body, cutAfter: cut)
                if form == .reasoningChat, relay.transcript.fitness != .plain { continue }
                // Before the first chunk nothing has a name yet: that is a retry and no seam.
                if relay.transcript.id.isEmpty { continue }
                try relay.continued(on: other)
                expectWhole(relay, like: whole, of: engine, maySkipCounts: relay.isComplete)
            }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `two seams at random places, between engines of different kinds`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let chats: [FakeEngine.Form] = [.vllmChat, .sglangChat, .llamaChat, .vllmChatContinuousUsage]
        let texts: [FakeEngine.Form] = [.vllmText, .llamaText, .spacedText]
        for round in 0..<12 {
            let answer = (0..<20).map { _ in Self.pieces.randomElement(using: &random) ?? "" }
            let forms = round % 2 == 0 ? chats : texts
            let engines = ["a", "b", "c"].map { name in
                var engine = FakeEngine(
                    form: forms.randomElement(using: &random) ?? .vllmChat, answer: answer, name: name)
                engine.escape = random.next() % 2 == 0 ? .plain : .ascii
                engine.lineEnd = random.next() % 2 == 0 ? "\n" : "\r\n"
                return engine
            }
            let body = engines[0].request(maxTokens: [nil, 15, 20][round % 3])
            let whole = ClientView(Array(try #require(engines[0].events(body)).joined().utf8))
            var relay = try Relay(engines[0], body, cutAfter: 3 + Int(random.next() % 6))
            try relay.continued(on: engines[1], cutAfter: 2 + Int(random.next() % 5))
            try relay.continued(on: engines[2])
            expectWhole(relay, like: whole, of: engines[0])
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `stop texts at random places end the same text`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let answer = (0..<10).map { _ in ["#", "##", "a", "b", "a#", "é"].randomElement(using: &random) ?? "" }
            let stop = [["###", "ab"], ["#ab", "#aé"], ["é#"], ["bb", "#a"]].randomElement(using: &random) ?? []
            let engine = FakeEngine(form: .sglangChat, answer: answer)
            let body = engine.request(stop: stop)
            let events = try #require(engine.events(body))
            // Of what an engine sends that does not hold back the beginning of a stop text.
            let unstopped = try #require(engine.events(engine.request()))
            let cut = 1 + Int(random.next() % UInt64(answer.count))
            let sent = unstopped.dropFirst().prefix(cut - 1)
            guard FakeEngine.cut(Array(answer.prefix(cut - 1)), at: stop) == nil else { continue }
            var relay = try Relay(engine, engine.request(), cutAfter: 1 + sent.count)
            relay.body = body
            try relay.continued(on: FakeEngine(form: .vllmChat, answer: answer, name: "b"))
            let view = ClientView(relay.sent)
            let whole = ClientView(Array(events.joined().utf8))
            // What was sent before the seam cannot be unsent.
            let before = answer.prefix(cut - 1).joined()
            let wanted = whole.text.utf8.count < before.utf8.count ? before : whole.text
            #expect(view.text == wanted, "\(answer) \(stop) \(cut)")
            #expect(view.finishes == ["stop"] && view.ends == 1 && view.roles == 1)
        }
    }

    @Test func `an answer that needs no more tokens is closed without a backend`() throws {
        let engine = FakeEngine(form: .llamaChat, answer: ["a", "b", "c"])
        let body = engine.request(maxTokens: 2)
        // The role and both tokens, but not why it ended.
        var relay = try Relay(engine, body, cutAfter: 3)
        try relay.continued(on: engine)
        let view = ClientView(relay.sent)
        #expect(relay.isComplete && view.text == "ab" && view.finishes == ["length"] && view.ends == 1)
    }

    @Test func `half a surrogate pair waits for no seam`() throws {
        let engine = FakeEngine(form: .llamaText, answer: ["x"])
        let marks = #""created":1,"model":"m","object":"text_completion","id":"1""#
        let halves = [#"x\ud83d"#, #"\ude00"#].map { #"{"choices":[{"text":"\#($0)","index":0}],\#(marks)}"# }
        let body = engine.request()
        let request = try ContinuationRequest.read(body.span, route: .completions)
        let half = StreamReading.watch(.completions, [halves[0]]).watch.transcript
        #expect(request.body(body.span, continuing: half, on: .none, begunOn: .none) == .impossible(.brokenText))
        let whole = StreamReading.watch(.completions, halves).watch.transcript
        guard case .send(let next) = request.body(body.span, continuing: whole, on: .prompt, begunOn: .prompt) else {
            Issue.record("a whole character can be continued")
            return
        }
        #expect(StreamReading.text(next).contains(#"Say \"it\".x\ud83d\ude00""#))
    }
}
