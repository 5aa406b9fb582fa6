import StokerSimulator
import Testing

private typealias Bounds = SimulatedAnswer.Bounds

private func words(_ context: String, _ text: String, _ bounds: SimulatedAnswer.Bounds) -> [String] {
    Array(SimulatedAnswer(context: context, text: text, bounds: bounds))
}

private func said(_ context: String, _ text: String, _ bounds: SimulatedAnswer.Bounds) -> String {
    words(context, text, bounds).joined()
}

@Suite("Simulated answer")
struct SimulatedAnswerTests {
    private static let prompts = [
        "", " ", "Hello", "Hello ", "Hello  world", "Why is the sky blue?", "什么是知识库?", "line\nbreak\t tab", "lorem",
        "lor",
        "lorem ipsum dolor sit", "🔥 fire", "a\\b \"sic\"", "trailing newline\n", "e\u{301}",
        String(repeating: "long prompt ", count: 200),
    ]

    @Test("The same prompt gives the same answer, another prompt another one")
    func deterministic() {
        let bounds = Bounds(length: 32)
        let answers = Self.prompts.map { said("", $0, bounds) }
        #expect(answers == Self.prompts.map { said("", $0, bounds) })
        #expect(Set(answers).count == answers.count)
    }

    @Test("The answer is the same on every machine and in every version: replicas of one model agree")
    func golden() {
        #expect(said("<|user|>Hello\n", "", Bounds(length: 6)) == Self.goldenChat)
        #expect(said("", "Hello", Bounds(length: 6)) == Self.goldenText)
    }

    private static let goldenChat = "ad ea fugiat ullamco voluptate irure"
    private static let goldenText = " 模型。 nisi duis irure ut nulla"

    @Test("Continued after any character of itself, a completion is what it would have been", arguments: prompts)
    func completionContinuation(prompt: String) {
        let bounds = Bounds(length: 24)
        let whole = said("", prompt, bounds)
        for cut in whole.indices + [whole.endIndex] {
            let sofar = prompt + whole[..<cut]
            #expect(sofar + said("", sofar, bounds) == prompt + whole)
        }
    }

    @Test("Continued after any character of itself, a chat answer is what it would have been", arguments: prompts)
    func chatContinuation(prompt: String) {
        let bounds = Bounds(length: 24)
        let whole = said(prompt, "", bounds)
        for cut in whole.indices + [whole.endIndex] {
            #expect(whole[..<cut] + said(prompt, String(whole[..<cut]), bounds) == whole)
        }
    }

    @Test("Continued several times, an answer is still the same")
    func manySeams() {
        var text = ""
        for _ in 0..<24 { text += words("ctx", text, Bounds(length: 24, maxTokens: 1)).joined() }
        #expect(text == said("ctx", "", Bounds(length: 24)))
        #expect(words("ctx", text, Bounds(length: 24)).isEmpty)
    }

    @Test("With `max_tokens` less what was said, the parts make the whole, and the end has the same reason")
    func maxTokensAcrossSeam() {
        let whole = SimulatedAnswer(context: "c", text: "", bounds: Bounds(length: 100, maxTokens: 20))
        let spoken = Array(whole)
        for count in 1..<20 {
            let sofar = spoken.prefix(count).joined()
            let rest = SimulatedAnswer(context: "c", text: sofar, bounds: Bounds(length: 100, maxTokens: 20 - count))
            #expect(sofar + rest.joined() == spoken.joined())
            #expect(rest.finish == whole.finish)
        }
    }

    @Test("A complete answer ends with stop, a cut one with length")
    func finish() {
        let complete = SimulatedAnswer(context: "c", text: "", bounds: Bounds(length: 8, maxTokens: 9))
        #expect((complete.count, complete.finish) == (8, .stop))
        let cut = SimulatedAnswer(context: "c", text: "", bounds: Bounds(length: 8, maxTokens: 8))
        #expect((cut.count, cut.finish) == (8, .length))
        let endless = SimulatedAnswer(
            context: "c", text: "", bounds: Bounds(length: 8, maxTokens: 50, ignoresEnd: true))
        #expect((endless.count, endless.finish) == (50, .length))
    }

    @Test("The count is the number of words that come", arguments: [0, 1, 7, 100])
    func count(length: Int) {
        let answer = SimulatedAnswer(context: "c", text: "", bounds: Bounds(length: length))
        #expect(Array(answer).count == answer.count)
        #expect(answer.count == length)
    }

    @Test("A stop text ends the answer before it, and is not said")
    func stopTexts() {
        let whole = said("c", "", Bounds(length: 50))
        let spoken = words("c", "", Bounds(length: 50))
        let stop = spoken[10].dropFirst()
        let answer = SimulatedAnswer(
            context: "c", text: "", bounds: Bounds(length: 50, stops: [String(stop), "never said"]))
        let text = answer.joined()
        #expect(!text.contains(stop))
        #expect(whole.hasPrefix(text + stop))
        #expect(answer.finish == .stop)
    }

    @Test("A stop text within a word cuts the word")
    func stopInsideWord() throws {
        let spoken = words("c", "", Bounds(length: 50))
        let long = try #require(spoken.first { $0.count > 4 })
        let middle = String(long.dropFirst(2).prefix(2))
        let text = said("c", "", Bounds(length: 50, stops: [middle]))
        #expect(!text.contains(middle))
    }

    @Test("Stop texts that never come change nothing", arguments: [[], [""], ["§§§"], ["", "§"]])
    func idleStops(stops: [String]) {
        #expect(said("c", "", Bounds(length: 20, stops: stops)) == said("c", "", Bounds(length: 20)))
    }
}
