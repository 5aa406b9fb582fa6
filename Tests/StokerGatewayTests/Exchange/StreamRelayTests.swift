import StokerCore
import StokerGateway
import StokerWire
import Testing

@Suite("The relay of a stream")
struct StreamRelayTests {
    /// What a client gets of a stream, by the rules of the shell: nothing before the first sound event.
    private struct Reading {
        var relay: StreamRelay
        var sent: [UInt8] = []
        var news: [StreamRelay.News] = []
        private var isCommitted = false

        init(_ route: Route = .chat, keepsText: Bool = true) { relay = StreamRelay(route, keepsText: keepsText) }

        var text: String { StreamReading.text(sent) }

        mutating func take(_ part: String) -> AttemptFailure? { take(Array(part.utf8)) }

        mutating func take(_ bytes: [UInt8]) -> AttemptFailure? {
            let failure = relay.take(bytes.span, 0..<bytes.count)
            if let said = relay.takeNews() {
                news.append(said)
                isCommitted = isCommitted || said == .sound
                if isCommitted { relay.takeEvents { sent += $0.array } }
            }
            return failure
        }

        /// Another backend goes on.
        mutating func goOn(after comment: String = ": seam\n\n", body: [UInt8] = Self.body) throws {
            let request = try ContinuationRequest.read(body.span, route: .chat)
            isCommitted = false
            relay.beginContinuation(of: relay.transcript, request, opening: Array(comment.utf8))
        }

        static let body = Array(
            #"{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}"#.utf8)
    }

    private static func chunk(_ text: String, finish: String = "null", by name: String = "a") -> String {
        #"data: {"id":"\#(name)","choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(finish)}]}"#
            + "\n\n"
    }

    private static func error(_ code: String) -> String {
        #"data: {"error":{"message":"out of memory","code":\#(code)}}"# + "\n\n"
    }

    private static let done = "data: [DONE]\n\n"

    // MARK: Events of one backend

    @Test(arguments: [FakeEngine.Form.vllmChat, .llamaChat, .spacedText])
    func `a stream split at any byte reaches the client byte for byte`(form: FakeEngine.Form) throws {
        let engine = FakeEngine(form: form, lineEnd: "\r\n", answer: ["知识", " \"b\"", "c"])
        let bytes = Array(try #require(engine.events(engine.request())).joined().utf8)
        for split in 0...bytes.count {
            var reading = Reading(engine.route)
            for part in [bytes[..<split], bytes[split...]] { #expect(reading.take(Array(part)) == nil) }
            #expect(reading.text == StreamReading.text(bytes))
            #expect(reading.relay.isFinished && reading.relay.transcript.isDone)
            #expect(reading.relay.tokenEvents >= 3)
        }
        var single = Reading(engine.route)
        for byte in bytes { #expect(single.take([byte]) == nil) }
        #expect(single.text == StreamReading.text(bytes))
    }

    @Test func `half an event is no news, and is not handed out`() {
        var reading = Reading()
        #expect(reading.take(Self.chunk("a") + "data: {\"cho") == nil)
        #expect(reading.text == Self.chunk("a"))
        #expect(reading.take("ices\"") == nil)
        #expect(reading.news == [.sound])
    }

    @Test func `comments are blank, and wait for the first event that says something`() {
        var reading = Reading()
        #expect(reading.take(": ping\n\n") == nil)
        #expect(reading.take("\n") == nil)
        #expect(reading.news == [.blank, .blank])
        #expect(reading.sent == [])
        #expect(reading.take(": pong\n\n" + Self.chunk("a") + ": ping\n\n") == nil)
        #expect(reading.news == [.blank, .blank, .sound])
        #expect(reading.take("\n") == nil)
        #expect(reading.news.last == .blank)
        #expect(reading.text == ": ping\n\n\n: pong\n\n" + Self.chunk("a") + ": ping\n\n\n")
    }

    @Test func `an error event is a failure, and the events before it in the same read are the client's`() {
        var reading = Reading()
        #expect(
            reading.take(Self.chunk("a") + Self.error("500") + Self.chunk("b")) == .errorEvent("out of memory"))
        #expect(reading.text == Self.chunk("a"))
        #expect(!reading.relay.isFinished)
        #expect(reading.relay.transcript.words == "a")
    }

    @Test(arguments: ["500", "429", "408", "null", "\"overloaded\"", "399"])
    func `an error event before all others leaves nothing for the client`(code: String) {
        var reading = Reading()
        #expect(reading.take(Self.error(code) + Self.chunk("b")) == .errorEvent("out of memory"))
        #expect(reading.news == [])
        reading.relay.beginAnswer()
        #expect(reading.take(Self.chunk("c")) == nil)
        #expect(reading.text == Self.chunk("c"))
    }

    @Test func `an error event that is split over reads is a failure all the same`() {
        let event = Array(Self.error("500").utf8)
        for split in 1..<event.count {
            var reading = Reading()
            #expect(reading.take(Array(event[..<split])) == nil)
            #expect(reading.take(Array(event[split...])) == .errorEvent("out of memory"))
            #expect(reading.sent == [])
        }
    }

    @Test(arguments: ["400", "404", "422", "499"])
    func `what the client did wrong it is told in the engine's words, and nothing after that`(code: String) {
        var reading = Reading()
        #expect(reading.take(Self.error(code) + Self.chunk("b")) == nil)
        #expect(reading.take(Self.chunk("c")) == nil)
        #expect(reading.text == Self.error(code))
        #expect(reading.relay.isOver && reading.relay.isFinished)
        #expect(reading.relay.close(includesUsage: true) == [])
        #expect(reading.relay.takeRest() == [])
    }

    @Test(arguments: [(#"{"code":500}"#, "no message"), (#"{"message":7,"code":500}"#, "no message")])
    func `an engine that does not say what failed is taken at that`(error: String, message: String) {
        var reading = Reading()
        #expect(reading.take("data: {\"error\":\(error)}\n\n") == .errorEvent(message))
    }

    @Test func `an engine's message is shortened`() {
        var reading = Reading()
        let long = String(repeating: "x", count: 1000)
        #expect(
            reading.take("data: {\"error\":{\"message\":\"\(long)\"}}\n\n") == .errorEvent(long.prefix(256) + "…"))
    }

    // MARK: Events that are too long

    @Test(arguments: [1 << 10, 4099, 1 << 20])
    func `an event over the bound goes raw and whole, and so does all that follows`(part: Int) {
        let long = "data: " + String(repeating: "x", count: EventCutter.maxEvent) + "\n\n"
        let bytes = Array((Self.chunk("a") + long + Self.error("500") + "data: half").utf8)
        var reading = Reading()
        for start in stride(from: 0, to: bytes.count, by: part) {
            #expect(reading.take(Array(bytes[start..<min(start + part, bytes.count)])) == nil)
        }
        #expect(reading.sent.elementsEqual(bytes))
        #expect(reading.relay.isRaw && !reading.relay.isFinished, "nobody knows what the client has")
        #expect(reading.relay.takeRest() == [])
    }

    @Test func `a continuation cannot go raw`() throws {
        var reading = Reading()
        _ = reading.take(Self.chunk("a"))
        try reading.goOn()
        let long = "data: " + String(repeating: "x", count: EventCutter.maxEvent) + "\n\n"
        #expect(reading.take(long) == .eventTooLarge)
        #expect(reading.text == Self.chunk("a"))
    }

    // MARK: Continuation

    @Test func `a continuation begins with its comment, and goes on under the stream's names`() throws {
        var reading = Reading()
        _ = reading.take(Self.chunk("a"))
        try reading.goOn()
        #expect(
            reading.take(Self.chunk("b", by: "b") + Self.chunk("c", finish: "\"stop\"", by: "b") + Self.done) == nil)
        #expect(
            reading.text == Self.chunk("a") + ": seam\n\n" + Self.chunk("b") + Self.chunk("c", finish: "\"stop\"")
                + Self.done)
        #expect(reading.relay.transcript.words == "abc")
        #expect(reading.relay.tokenEvents == 3)
        #expect(reading.relay.isFinished && reading.relay.close(includesUsage: false) == [])
    }

    @Test func `attempts that fail before their first event leave nothing, not even their comment`() throws {
        var reading = Reading()
        _ = reading.take(Self.chunk("a") + "data: {\"cho")
        for comment in [": first\n\n", ": second\n\n"] {
            try reading.goOn(after: comment)
            #expect(reading.take(": ping\n\n") == nil)
            #expect(reading.take(Self.error("500") + Self.chunk("x")) == .errorEvent("out of memory"))
            #expect(reading.relay.transcript.words == "a")
        }
        try reading.goOn(after: ": third\n\n")
        #expect(reading.take("data: {\"id\":\"b\"") == nil)
        try reading.goOn(after: ": fourth\n\n")
        #expect(reading.take(Self.chunk("b", by: "b")) == nil)
        #expect(reading.text == Self.chunk("a") + ": fourth\n\n" + Self.chunk("b"))
    }

    @Test func `an error event after a seam's first event leaves what came before it`() throws {
        var reading = Reading()
        _ = reading.take(Self.chunk("a"))
        try reading.goOn()
        #expect(reading.take(Self.chunk("b", by: "b") + Self.error("400")) == .errorEvent("out of memory"))
        #expect(reading.text == Self.chunk("a") + ": seam\n\n" + Self.chunk("b"))
        #expect(reading.relay.transcript.words == "ab")
        try reading.goOn(after: ": again\n\n")
        #expect(reading.take(Self.chunk("c", by: "c")) == nil)
        #expect(reading.text.hasSuffix(": again\n\n" + Self.chunk("c")))
    }

    @Test func `what cannot be part of the stream is not part of it`() throws {
        var reading = Reading()
        _ = reading.take(Self.chunk("a"))
        try reading.goOn()
        let call = #"data: {"choices":[{"delta":{"tool_calls":[{"id":"1"}]}}]}"# + "\n\n"
        #expect(reading.take(call) == .unfit(ContinuationObstacle.toolCall.text))
        #expect(reading.text == Self.chunk("a"))
    }

    @Test func `a stop text over the seam ends the stream, and what the backend still says is not taken`() throws {
        let engine = FakeEngine(form: .vllmChat, answer: [])
        var reading = Reading()
        _ = reading.take(Self.chunk("say en"))
        try reading.goOn(body: engine.request(stop: ["end"]))
        #expect(reading.take(Self.chunk("d", by: "b") + Self.chunk("!", by: "b")) == nil)
        #expect(reading.relay.isOver && reading.relay.isFinished)
        let view = ClientView(reading.sent)
        #expect(view.finishes == ["stop"] && view.ends == 1)
        #expect(!view.text.contains("!"))
    }

    // MARK: Ends

    @Test func `a stream is finished once it says how it ends`() {
        var reading = Reading()
        #expect(!reading.relay.isFinished)
        _ = reading.take(Self.chunk("a"))
        #expect(!reading.relay.isFinished && !reading.relay.isOver)
        _ = reading.take(Self.chunk("", finish: "\"length\""))
        #expect(reading.relay.isFinished && !reading.relay.isOver, "its counts and its end mark may follow")
    }

    @Test func `what lacks its end gets one, once`() {
        var reading = Reading()
        _ = reading.take(Self.chunk("a"))
        let end = reading.relay.close(includesUsage: false)
        let view = ClientView(reading.sent + end)
        #expect(view.text == "a" && view.finishes == ["length"] && view.ends == 1 && view.ids == ["a"])
        #expect(reading.relay.isOver)
        #expect(reading.relay.close(includesUsage: false) == [])
    }

    @Test func `what lacks only its end mark gets that`() {
        var reading = Reading()
        _ = reading.take(Self.chunk("a", finish: "\"stop\""))
        #expect(StreamReading.text(reading.relay.close(includesUsage: false)) == Self.done)
    }

    @Test func `the beginning of an event at a regular end goes to the client as it is`() {
        var reading = Reading()
        _ = reading.take(Self.chunk("a") + "data: [DONE]")
        #expect(StreamReading.text(reading.relay.takeRest()) == "data: [DONE]")
        var other = Reading()
        _ = other.take(Self.chunk("a"))
        #expect(other.relay.takeRest() == [])
    }

    @Test func `the beginning of another engine's event is not handed out as it is`() throws {
        var reading = Reading()
        _ = reading.take(Self.chunk("a"))
        try reading.goOn()
        #expect(reading.take(Self.chunk("b") + "data: {\"id\":") == nil)
        #expect(reading.relay.takeRest() == [])
    }

    @Test func `a large read leaves no storage behind that the next one inherits`() {
        var reading = Reading()
        let many = (0..<1000).map { Self.chunk("\($0) ") }
        #expect(reading.take(many.joined()) == nil)
        #expect(reading.take(Self.chunk("last")) == nil)
        #expect(reading.text == many.joined() + Self.chunk("last"))
        #expect(reading.relay.tokenEvents == 1001)
    }

    @Test func `without continuation the text is not kept, and tokens are counted all the same`() {
        var reading = Reading(keepsText: false)
        _ = reading.take(Self.chunk("a") + Self.chunk("b"))
        #expect(reading.relay.tokenEvents == 2)
        #expect(reading.relay.transcript.text == [])
        #expect(reading.relay.transcript.fitness == .unfit(.off))
    }
}

extension Span<UInt8> {
    fileprivate var array: [UInt8] { withUnsafeBufferPointer { Array($0) } }
}
