import StokerCore
import StokerLoad
import Testing

@Suite struct BodyTests {
    static func body(
        target: LoadTarget = .chat, ignoresEnd: Bool = false, temperature: Double? = 0, extra: String? = nil
    ) throws -> String {
        let plan = WorkloadPlan(
            dataset: .conversations([Conversation(exchanges: [.init(prompt: .text("hi"), outputTokens: 9)])]),
            bustsCache: false, ignoresEnd: ignoresEnd, temperature: temperature, extraBody: extra)
        var source = try SessionSource(plan, target: target, seed: 1)
        return String(decoding: source.next().turns[0].body, as: UTF8.self)
    }

    @Test func `a chat asks for a stream with its usage`() throws {
        #expect(
            try Self.body()
                == #"{"model":"m","stream":true,"stream_options":{"include_usage":true},"temperature":0,"#
                + #""messages":[{"role":"user","content":"hi"}],"max_tokens":9}"#)
    }

    @Test func `a completion asks with a prompt`() throws {
        #expect(try Self.body(target: .completions).contains(#","prompt":"hi","max_tokens":9}"#))
    }

    @Test func `a whole answer asks for no stream options`() throws {
        var target = LoadTarget.chat
        target.isStreamed = false
        let body = try Self.body(target: target, temperature: nil)
        #expect(body.hasPrefix(#"{"model":"m","stream":false,"messages""#))
    }

    @Test func `temperature and the wish to go on are said when wanted`() throws {
        let body = try Self.body(ignoresEnd: true, temperature: 0.7)
        #expect(body.contains(#""temperature":0.7,"ignore_eos":true"#))
        #expect(try !Self.body(temperature: .nan).contains("temperature"))
    }

    @Test func `a model name is escaped`() throws {
        var target = LoadTarget.chat
        target.model = "a\"b"
        #expect(try Self.body(target: target).hasPrefix(#"{"model":"a\"b","#))
    }

    @Test func `members of the extra body are added, and win`() throws {
        let body = try Self.body(extra: #" { "top_p" : 0.9 , "temperature":1, "max_tokens":5, "model":"x" } "#)
        #expect(body.contains(#""top_p":0.9"#))
        #expect(body.contains(#""temperature":1,"max_tokens":5,"model":"x""#))
        #expect(!body.contains(#""temperature":0"#))
        #expect(!body.contains(#""max_tokens":9"#))
        let messages = try Self.body(extra: #"{"messages":[]}"#)
        #expect(messages.hasSuffix(#","messages":[],"max_tokens":9}"#))
    }

    @Test(arguments: ["", "[]", "{", "{}x", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "null", "{a:1}", "{\"a\":1 \"b\":2}"])
    func `an extra body that is no object is refused`(text: String) {
        let error = #expect(throws: LoadError.self) { try Self.body(extra: text) }
        #expect(error?.message.contains("no JSON object") == true)
    }

    @Test func `an empty extra body adds nothing`() throws { #expect(try Self.body(extra: "{ }") == Self.body()) }

    @Test func `nested values of the extra body are kept as they are`() throws {
        let extra = try ExtraBody(#"{"a":{"b":[1,"}"]},"\u0063":"x"}"#)
        #expect(extra.members.map(\.name) == ["a", "c"])
        #expect(extra.has("c"))
        #expect(String(decoding: extra.members[0].value, as: UTF8.self) == #"{"b":[1,"}"]}"#)
    }
}

@Suite struct LengthDrawTests {
    static func draw(_ distribution: LengthDistribution) -> [Double] {
        var generator = SeededGenerator(seed: 12)
        return (0..<20_000).map { _ in Double(distribution.draw(using: &generator)) }
    }

    @Test func `normal and lognormal lengths have their own mean and deviation`() {
        for distribution in [
            LengthDistribution.normal(mean: 1000, deviation: 100), .lognormal(mean: 1000, deviation: 400),
        ] {
            let values = Self.draw(distribution)
            #expect(abs(mean(values) - 1000) < 10)
        }
        #expect(abs(variance(Self.draw(.normal(mean: 1000, deviation: 100))).squareRoot() - 100) < 2)
        #expect(abs(variance(Self.draw(.lognormal(mean: 1000, deviation: 400))).squareRoot() - 400) < 15)
    }

    @Test func `uniform lengths reach both ends`() {
        let values = Self.draw(.uniform(3...6))
        #expect(Set(values) == [3, 4, 5, 6])
        #expect(abs(mean(values) - 4.5) < 0.05)
    }

    @Test(
        arguments: [
            .constant(-3), .uniform(-9 ... -5), .normal(mean: -50, deviation: 1), .normal(mean: .nan, deviation: 1),
            .lognormal(mean: -1, deviation: 1), .lognormal(mean: 1, deviation: .infinity),
        ] as [LengthDistribution])
    func `a length is never below one`(distribution: LengthDistribution) {
        #expect(Self.draw(distribution).allSatisfy { $0 >= 1 && $0 <= Double(LengthDistribution.longest) })
    }
}
