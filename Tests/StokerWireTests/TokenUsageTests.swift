import StokerCore
import StokerTesting
import StokerWire
import Testing

@Suite struct TokenUsageTests {
    private func find(_ bytes: [UInt8]) -> TokenUsage? { TokenUsage.find(in: bytes.span, 0..<bytes.count) }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `usage is what the engine says, never what a text in the answer claims`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (input, output) = (
            Int.random(in: 0...999_999_999_999, using: &random), Int.random(in: 0...9999, using: &random)
        )
        let claim = #"\"usage\":{\"prompt_tokens\":666,\"completion_tokens\":666}"#
        let text = #"{"choices":[{"text":"\#(claim)\#(random.word(0...30))\\"}],"#
        let said = #"\#(text)"usage" : {"prompt_tokens": \#(input),"completion_tokens":\#(output)}}"#
        #expect(find(Array(said.utf8)) == TokenUsage(input: input, output: output))
        #expect(find(Array(#"\#(text)"usage":null}"#.utf8)) == nil)
        #expect(find(Array((text + "}").utf8)) == nil)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `whatever became of an answer, nothing traps and no number is beyond its digits`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var bytes = Array(#"{"usage":{"prompt_tokens":1234,"completion_tokens":56,"total_tokens":9}}"#.utf8)
            for _ in 0...Int.random(in: 0...5, using: &random) { random.mutate(&bytes) }
            guard let found = find(bytes) else { continue }
            #expect((0..<1_000_000_000_000).contains(found.input) && (0..<1_000_000_000_000).contains(found.output))
        }
    }

    @Test func `the last usage counts, and a text of that name is none`() {
        let (first, last) = (#""usage":{"prompt_tokens":1}"#, #""usage":{"prompt_tokens":2,"completion_tokens":3}"#)
        #expect(find(Array("{\(first),\(last)}".utf8)) == TokenUsage(input: 2, output: 3))
        #expect(find(Array(#"{\#(first),"kind":"usage"}"#.utf8)) == TokenUsage(input: 1, output: 0))
    }

    @Test(arguments: [
        "", "\"usage\"", "\"usage\":", "\"usage\":{", #""usage":{"prompt_tokens":"#, #""usage":{"prompt_tokens":-1}"#,
    ])
    func `half an answer has none`(text: String) {
        #expect(find(Array(text.utf8)) == nil)
    }
}
