import StokerLoad
import Testing

@Suite struct SessionSourceTests {
    static func source(
        _ dataset: Dataset, seed: UInt64 = 1, bustsCache: Bool = true, target: LoadTarget = .chat,
        shard: Shard = Shard(), loop: Int = 0, loops: Int = 1
    ) throws -> SessionSource {
        try SessionSource(
            WorkloadPlan(dataset: dataset, bustsCache: bustsCache), target: target, seed: seed, shard: shard,
            loop: loop, loops: loops)
    }

    static func texts(_ source: SessionSource, _ count: Int) throws -> [String] {
        var source = source
        return try (0..<count).map { _ in try AskedBody(source.next().turns[0]).text }
    }

    @Test func `a synthetic prompt has as many words as tokens were asked for`() throws {
        for length in [8, 9, 512, 70_000, 200_000] {
            var source = try Self.source(.synthetic(synthetic(length)))
            let turn = source.next().turns[0]
            #expect(words(try AskedBody(turn).text).count == length)
            #expect(turn.inputTokens == length)
        }
    }

    @Test func `a prompt too short for its nonce is as long as the nonce, and says so`() throws {
        var source = try Self.source(.synthetic(synthetic(3)))
        let turn = source.next().turns[0]
        #expect(words(try AskedBody(turn).text).count == 8)
        #expect(turn.inputTokens == 8)
        var plain = try Self.source(.synthetic(synthetic(3)), bustsCache: false)
        #expect(words(try AskedBody(plain.next().turns[0]).text).count == 3)
    }

    @Test(arguments: [true, false])
    func `equal seeds and lanes give equal bytes, others other prompts`(bustsCache: Bool) throws {
        func texts(_ seed: UInt64, _ loop: Int) throws -> [String] {
            try Self.texts(
                Self.source(.synthetic(synthetic()), seed: seed, bustsCache: bustsCache, loop: loop, loops: 2), 20)
        }
        #expect(try texts(1, 0) == texts(1, 0))
        #expect(Set(try texts(1, 0) + texts(1, 1) + texts(2, 0)).count == 60)
    }

    @Test func `no two sessions of a run or of another begin alike when caches are busted`() throws {
        var beginnings: Set<[Substring]> = []
        for seed in 1...3 as ClosedRange<UInt64> {
            for (shard, loop) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let source = try Self.source(
                    .synthetic(synthetic()), seed: seed, shard: Shard(index: shard, count: 2), loop: loop, loops: 2)
                for text in try Self.texts(source, 300) { beginnings.insert(Array(words(text).prefix(8))) }
            }
        }
        #expect(beginnings.count == 3 * 4 * 300)
    }

    @Test func `warm-up asks for something else, and shifts nothing`() throws {
        var warmed = try Self.source(.synthetic(synthetic()), bustsCache: false)
        var plain = warmed
        let warm = (0..<5).map { _ in warmed.next(isWarmUp: true) }
        let measured = (0..<5).map { _ in warmed.next() }
        #expect(measured == (0..<5).map { _ in plain.next() })
        #expect(warm.allSatisfy { !measured.contains($0) })
    }

    @Test func `a shared prefix comes first, then the nonce`() throws {
        var prompts = synthetic(40)
        prompts.sharedPrefix = .init(tokens: 600, count: 2)
        let first = try Self.source(.synthetic(prompts), loop: 0, loops: 2)
        let second = try Self.source(.synthetic(prompts), loop: 1, loops: 2)
        let texts = try Self.texts(first, 60) + Self.texts(second, 60)
        #expect(texts.allSatisfy { words($0).count == 640 })
        #expect(Set(texts.map { Array(words($0).prefix(600)) }).count == 2)
        #expect(Set(texts.map { Array(words($0)[600..<608]) }).count == 120)
    }

    @Test func `the prefix goes to the share that was asked for`() throws {
        var prompts = synthetic(40)
        prompts.sharedPrefix = .init(tokens: 100, share: 0.25)
        var source = try Self.source(.synthetic(prompts))
        let lengths = (0..<2000).map { _ in source.next().turns[0].inputTokens }
        #expect(abs(Double(lengths.count { $0 == 140 }) / 2000 - 0.25) < 0.03)
        #expect(Set(lengths) == [40, 140])
    }

    @Test func `later turns contain the earlier ones with made-up replies`() throws {
        var source = try Self.source(.synthetic(synthetic(20, 7, turns: 3)))
        let session = source.next()
        let bodies = try session.turns.map { try AskedBody($0).messages ?? [] }
        #expect(bodies.map(\.count) == [1, 3, 5])
        #expect(Array(bodies[2].prefix(3)) == bodies[1])
        #expect(bodies[2].map(\.role) == ["user", "assistant", "user", "assistant", "user"])
        #expect(bodies[2].map { words($0.content).count } == [20, 7, 20, 7, 20])
        #expect(session.turns.map(\.inputTokens) == [20, 47, 74])
    }

    @Test func `completions get one growing prompt`() throws {
        var source = try Self.source(.synthetic(synthetic(20, 7, turns: 2)), target: .completions)
        let turns = try source.next().turns.map { try AskedBody($0) }
        #expect(turns[0].messages == nil)
        #expect(words(turns[1].text).count == 47)
        #expect(turns[1].text.hasPrefix(turns[0].text + "\n"))
    }

    @Test func `a fixed body is sent as it is`() throws {
        for target in [LoadTarget.chat, LoadTarget(host: "h", port: 1, path: "/", endpoint: .http)] {
            var source = try Self.source(.fixed([1, 2, 3]), target: target)
            #expect(source.next() == Session(turns: [Turn(body: [1, 2, 3])]))
        }
    }

    @Test func `what cannot be sent is refused before the run`() {
        let http = LoadTarget(host: "h", port: 1, path: "/", endpoint: .http)
        #expect(throws: LoadError.self) { try Self.source(.synthetic(synthetic()), target: http) }
        #expect(throws: LoadError.self) { try Self.source(.conversations([])) }
        #expect(throws: LoadError.self) { try Self.source(.trace([])) }
    }
}

@Suite struct RecordedSessionTests {
    static let talk = Conversation(
        system: "Be \"brief\"",
        exchanges: [
            .init(prompt: .text("Grüße\n\u{1}"), reply: "Hello \\ there", outputTokens: 5, pause: 7),
            .init(prompt: .text("and then?")),
        ])

    @Test func `a recorded conversation is asked turn by turn, escaped and with its replies`() throws {
        var source = try SessionSourceTests.source(.conversations([Self.talk]), bustsCache: false)
        let session = source.next()
        let last = try AskedBody(session.turns[1]).messages
        #expect(
            last
                == [
                    .init(role: "system", content: "Be \"brief\""), .init(role: "user", content: "Grüße\n\u{1}"),
                    .init(role: "assistant", content: "Hello \\ there"), .init(role: "user", content: "and then?"),
                ] as [AskedBody.Message])
        #expect(session.turns.map(\.outputTokens) == [5, nil])
        #expect(session.turns.map(\.pause) == [7, nil])
    }

    @Test func `a nonce stands before the very first text`() throws {
        var source = try SessionSourceTests.source(.conversations([Self.talk]))
        let messages = try AskedBody(source.next().turns[0]).messages ?? []
        #expect(messages[0].content.hasSuffix(" Be \"brief\""))
        #expect(words(messages[0].content).count == 10)
        #expect(messages[1].content == "Grüße\n\u{1}")
    }

    @Test func `loops deal a data set out, in a seeded order, and begin again`() throws {
        let all = (0..<10).map { Conversation(exchanges: [.init(prompt: .text("p\($0)"))]) }
        func texts(_ loop: Int, _ seed: UInt64) throws -> [String] {
            try SessionSourceTests.texts(
                SessionSourceTests.source(.conversations(all), seed: seed, bustsCache: false, loop: loop, loops: 2), 5)
        }
        #expect(Set(try texts(0, 1) + texts(1, 1)).count == 10)
        #expect(try texts(0, 1) != texts(0, 2))
        let whole = try SessionSourceTests.texts(
            SessionSourceTests.source(.conversations(all), bustsCache: false), 20)
        #expect(Array(whole.prefix(10)) == Array(whole.suffix(10)))
    }

    @Test func `a trace keeps its order, dealt out like its times`() throws {
        let rows = (0..<9).map { Conversation(exchanges: [.init(prompt: .text("p\($0)"))]) }
        let source = try SessionSourceTests.source(
            .trace(rows), bustsCache: false, shard: Shard(index: 1, count: 2), loop: 1, loops: 2)
        #expect(try SessionSourceTests.texts(source, 2) == ["p3", "p7"])
    }

    @Test func `equal block ids are equal text, cut to the tokens that were recorded`() throws {
        func text(_ ids: [Int64], _ tokens: Int, loop: Int = 0) throws -> String {
            let row = Conversation(
                exchanges: [.init(prompt: .blocks(ids, tokens: tokens), inputTokens: tokens, outputTokens: 4)])
            var source = try SessionSourceTests.source(.trace([row]), loop: loop, loops: 2)
            let turn = source.next().turns[0]
            #expect(turn.inputTokens == tokens)
            return try AskedBody(turn).text
        }
        let long = try text([7, 8, 9], 1300)
        #expect(words(long).count == 1300)
        #expect(try long.hasPrefix(text([7, 8], 1024, loop: 1)))
        #expect(try long.hasPrefix(text([7, 8], 700)))
        #expect(try !long.hasPrefix(text([8, 7], 700)))
        #expect(words(try text([7], 2000)).count == 2000)
    }

    @Test func `a length without a text is made up`() throws {
        let row = Conversation(exchanges: [.init(prompt: .words(100), inputTokens: 100, outputTokens: 4)])
        var source = try SessionSourceTests.source(.trace([row]), bustsCache: false)
        let texts = try (0..<2).map { _ in try AskedBody(source.next().turns[0]).text }
        #expect(texts.map { words($0).count } == [100, 100])
        #expect(texts[0] != texts[1])
    }

    @Test func `nonsense lengths are no crash`() throws {
        for prompt in [
            Conversation.Prompt.words(-5), .words(0), .blocks([], tokens: -1), .blocks([-3, .max], tokens: 1),
        ] {
            var source = try SessionSourceTests.source(.trace([Conversation(exchanges: [.init(prompt: prompt)])]))
            #expect(try !AskedBody(source.next().turns[0]).model.isEmpty)
        }
        var empty = try SessionSourceTests.source(.trace([Conversation(exchanges: [])]))
        #expect(empty.next().turns.isEmpty)
    }

    @Test func `an answer length for all wins over the recorded one`() throws {
        let plan = WorkloadPlan(dataset: .conversations([Self.talk]), outputTokens: .constant(99))
        var source = try SessionSource(plan, target: .chat, seed: 1)
        #expect(source.next().turns.map(\.outputTokens) == [99, 99])
    }
}
