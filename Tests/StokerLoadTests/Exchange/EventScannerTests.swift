import StokerCore
import StokerLoad
import StokerTesting
import StokerWire
import Testing

@Suite struct EventScannerTests {
    /// Two roles, four tokens, a comment, CR LF, data without a space, an event of two data lines, usage, the end.
    private static let stream = """
        : ping\r\n\r\ndata: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n\
        data: {"choices":[{"delta":{"content":"知识库"}}]}\n\n\
        data:{"choices":[{"delta":{"content":"two"}}]}\r\n\r\n\
        event: message\nid: 7\ndata: {"choices":[{"delta":\ndata: {"content":"three"}}]}\n\n\
        data: {"choices":[{"delta":{"content":"four"},"finish_reason":"stop"}]}\n\n\
        data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":4}}\n\n\
        data: [DONE]\n\n
        """

    private func read(_ parts: [ArraySlice<UInt8>]) -> StreamMarks {
        var scanner = EventScanner()
        var marks = StreamMarks()
        for (index, part) in parts.enumerated() {
            let bytes = Array(part)
            scanner.take(bytes.span, 0..<bytes.count, into: &marks, at: Nanoseconds(index + 1))
        }
        scanner.finish(into: &marks, at: Nanoseconds(parts.count + 1))
        return marks
    }

    private func expectWhole(_ marks: StreamMarks) {
        #expect(marks.tokenEvents == 4)
        #expect(marks.usage == TokenUsage(input: 5, output: 4))
        #expect(marks.isDone && marks.hasFinish)
        #expect(marks.error == nil)
    }

    @Test func `a stream split at any byte reads the same`() {
        let bytes = Array(Self.stream.utf8)
        for split in 0...bytes.count { expectWhole(read([bytes[..<split], bytes[split...]])) }
    }

    @Test func `a stream in single bytes, or in seeded pieces, reads the same`() {
        let bytes = Array(Self.stream.utf8)
        expectWhole(read(bytes.indices.map { bytes[$0...$0] }))
        for seed in 0..<200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var parts: [ArraySlice<UInt8>] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + 1 + Int(generator.next() % 40))
                parts.append(bytes[start..<end])
                start = end
            }
            expectWhole(read(parts))
        }
    }

    /// Lines in a random order with random ends, blank lines, stray CRs and comments among them.
    private func disorder(_ random: inout SeededGenerator) -> [UInt8] {
        var text = ""
        let lines = Self.stream.replacing("\r", with: "").split(separator: "\n")
        for line in lines where random.chance(0.9) {
            text += random.chance(0.1) ? "\r" : ""
            text += random.chance(0.1) ? ": \(random.word(0...9))\n" : ""
            text += line + (random.chance(0.5) ? "\n" : "\r\n")
            text += ["", "\n", "\n", "\r\n", "\r", "\n\r", "\n\n"].randomElement(using: &random) ?? ""
        }
        return Array(text.utf8)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `whatever the lines of a stream are, it reads the same however it was cut`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5 {
            let bytes = disorder(&random)
            let whole = facts(read([bytes[...]]))
            for pieces in random.cuts(of: bytes) {
                let text = String(decoding: bytes, as: UTF8.self).debugDescription
                #expect(facts(read(pieces)) == whole, "seed \(seed): \(text)")
            }
        }
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a damaged stream has no more tokens than lines`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            var bytes = disorder(&random)
            for _ in 0...Int.random(in: 0...5, using: &random) { random.mutate(&bytes) }
            let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
            for pieces in random.cuts(of: bytes) { #expect(read(pieces).tokenEvents <= lines) }
        }
    }

    /// What does not depend on when it was read.
    private func facts(_ marks: StreamMarks) -> String {
        "\(marks.tokenEvents) \(String(describing: marks.usage)) \(marks.isDone) \(marks.hasFinish) \(marks.error ?? "")"
    }

    @Test func `events of one read have one stamp and are counted as coalesced`() {
        let bytes = Array(Self.stream.utf8)
        #expect(read([bytes[...]]).coalescedEvents == 3)
        #expect(read(bytes.indices.map { bytes[$0...$0] }).coalescedEvents == 0)
    }

    @Test func `the first token is not the role`() {
        let role = Array("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n".utf8)
        let token = Array("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n".utf8)
        let marks = read([role[...], token[...]])
        #expect(marks.firstToken == 2)
        #expect(marks.tokenEvents == 1)
    }

    @Test func `reasoning is a token and no output`() {
        let think = Array("data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"a\"}}]}\n\n".utf8)
        let say = Array("data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n".utf8)
        let marks = read([think[...], say[...]])
        #expect(marks.firstToken == 1)
        #expect(marks.firstOutput == 2)
        #expect(marks.lastToken == 2)
    }

    @Test(arguments: [1 << 20, 5 << 20])
    func `a large event is one event`(size: Int) {
        let text = String(repeating: "x", count: size)
        let bytes = Array("data: {\"choices\":[{\"text\":\"\(text)\"}]}\n\n".utf8)
        let pieces = stride(from: 0, to: bytes.count, by: 65_536).map { bytes[$0..<min(bytes.count, $0 + 65_536)] }
        #expect(read(pieces).tokenEvents == 1)
    }

    @Test func `an event beyond the bound is given up, not kept`() {
        var scanner = EventScanner()
        var marks = StreamMarks()
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for _ in 0..<17 { scanner.take(piece.span, 0..<piece.count, into: &marks, at: 1) }
        #expect(scanner.isTooLarge)
    }

    @Test func `an error is kept in its first words`() {
        let bytes = Array("data: {\"error\":{\"message\":\"\(String(repeating: "e", count: 2000))\"}}\n\n".utf8)
        #expect(read([bytes[...]]).error?.utf8.count == 512)
    }
}
