import StokerCore
import StokerTesting
import StokerWire
import Testing

@Suite struct JSONScannerTests {
    /// Whether the whole text is one value.
    private func accepts(_ bytes: [UInt8]) -> Bool {
        var scanner = JSONScanner()
        do throws(JSONScanner.Fault) {
            try scanner.value(bytes.span)
        } catch {
            return false
        }
        scanner.skipSpace(bytes.span)
        return scanner.index == bytes.count
    }

    /// A random value as text.
    private func value(_ random: inout SeededGenerator, depth: Int = 0) -> String {
        let space = random.chance(0.2) ? [" ", "\n", "\t", "\r\n"].randomElement(using: &random) ?? "" : ""
        func list(_ item: (inout SeededGenerator) -> String) -> String {
            (0..<Int.random(in: 0...3, using: &random)).map { _ in space + item(&random) + space }.joined(
                separator: ",")
        }
        switch depth < 4 ? random.next() % 7 : random.next() % 5 {
        case 0: return ["true", "false", "null"].randomElement(using: &random) ?? "null"
        case 1:
            return ["0", "-0", "1", "-12.5", "1e9", "0.1E-7", "123456789012345678901234567890"]
                .randomElement(using: &random) ?? "0"
        case 2, 3: return "\"\(random.word(0...6))\""
        case 4:
            return ["\"\\u00e9\\n\\\\\"", "\"\\ud83d\\ude00\"", "\"知\"", "\"\\/\\b\\f\"", "\"{[,:\\\"\""]
                .randomElement(using: &random) ?? "\"\""
        case 5: return "[" + list { value(&$0, depth: depth + 1) } + "]"
        default: return "{" + list { "\"\($0.word(0...4))\"\(space):\(space)" + value(&$0, depth: depth + 1) } + "}"
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `a value is taken whole and no part of it alone`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let text = Array("[\(value(&random)),\(value(&random))]".utf8)
        #expect(accepts(text), "\(String(decoding: text, as: UTF8.self))")
        for end in 0..<text.count { #expect(!accepts(Array(text[..<end]))) }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `a strict parser that is written by the book agrees`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var bytes = Array(value(&random).utf8)
            for _ in 0...Int.random(in: 0...2, using: &random) { random.mutate(&bytes) }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(accepts(bytes) == BookParser.accepts(bytes), "seed \(seed): \(text.debugDescription)")
        }
    }

    @Test func `depth has a bound and the scanner says so`() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: UInt8(ascii: "["), count: depth) + Array(repeating: UInt8(ascii: "]"), count: depth)
        }
        #expect(accepts(nested(JSONScanner.maxDepth)))
        var scanner = JSONScanner()
        let deep = nested(JSONScanner.maxDepth + 2)
        #expect(throws: JSONScanner.Fault.tooDeep) { try scanner.value(deep.span) }
        let endless = Array(repeating: UInt8(ascii: "{"), count: 100_000)
        #expect(!accepts(endless))
    }
}

/// RFC 8259's grammar, one function a rule: slow, recursive, and independent of the scanner.
private struct BookParser {
    private var rest: ArraySlice<UInt8>

    static func accepts(_ bytes: [UInt8]) -> Bool {
        var parser = BookParser(rest: bytes[...])
        return parser.element() && parser.rest.isEmpty
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func takeOne(of text: String) -> Bool {
        guard let first = rest.first, text.utf8.contains(first) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func space() { while takeOne(of: " \t\r\n") {} }

    private mutating func element() -> Bool {
        space()
        guard value() else { return false }
        space()
        return true
    }

    private mutating func value() -> Bool {
        if take("{") { return list(until: "}") { $0.member() } }
        if take("[") { return list(until: "]") { $0.element() } }
        return string() || take("true") || take("false") || take("null") || number()
    }

    private mutating func list(until end: String, _ item: (inout BookParser) -> Bool) -> Bool {
        space()
        if take(end) { return true }
        repeat {
            guard item(&self) else { return false }
        } while take(",")
        return take(end)
    }

    private mutating func member() -> Bool {
        space()
        guard string() else { return false }
        space()
        return take(":") && element()
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = rest.first, byte >= 0x20 {
            if take("\"") { return true }
            if take("\\") {
                if take("u") {
                    for _ in 0..<4 where !takeOne(of: "0123456789abcdefABCDEF") { return false }
                } else if !takeOne(of: "\"\\/bfnrt") {
                    return false
                }
            } else {
                rest = rest.dropFirst()
            }
        }
        return false
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0"), !digits() { return false }
        if take("."), !digits() { return false }
        if takeOne(of: "eE") {
            _ = takeOne(of: "+-")
            return digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        guard takeOne(of: "0123456789") else { return false }
        while takeOne(of: "0123456789") {}
        return true
    }
}
