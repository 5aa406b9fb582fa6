import StokerCore
import StokerTesting
import StokerWire
import Testing

@Suite struct JSONTextTests {
    @Test(arguments: ["", "plain", "\"quoted\" \\ \n\r\t", "\u{1}\u{7F}", "知识库 🔥"])
    func `what is written reads back the same`(text: String) {
        let written = Array(JSONText.encode(text).utf8)
        #expect(JSONText.decode(1..<written.count - 1, in: written.span) == text)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `any text reads back the same, in one line without control bytes`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var text = ""
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            let bound: UInt32 = random.chance(0.5) ? 0x80 : 0x11_0000
            text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0..<bound, using: &random)) ?? "x")
        }
        let written = Array(JSONText.encode(text).utf8)
        var scanner = JSONScanner()
        let inside = try scanner.string(written.span)
        #expect(scanner.index == written.count && written.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        #expect(
            JSONText.decode(inside, in: written.span).map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
    }

    @Test(arguments: [
        #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\ud800""#, #""\ud83d\u0041""#,
    ])
    func `half a surrogate pair is no text`(text: String) throws {
        let bytes = Array(text.utf8)
        var scanner = JSONScanner()
        let inside = try scanner.string(bytes.span)
        #expect(JSONText.decode(inside, in: bytes.span) == nil)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `whatever is a string can be read`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var bytes = Array(#""a\u00e9\ud83d\ude00\\\"\n\/é""#.utf8)
            for _ in 0...Int.random(in: 0...3, using: &random) { random.mutate(&bytes) }
            var scanner = JSONScanner()
            guard let inside = try? scanner.string(bytes.span) else { continue }
            _ = JSONText.decode(inside, in: bytes.span)
        }
    }
}
