/// A lexer that knows just enough of Swift to tell code from comments and string literals.
enum SwiftCode {
    /// The text with every comment, string literal and `#/regex/#` replaced by spaces; line breaks stay.
    ///
    /// Interpolations go with their literal, so code inside `\(…)` is not seen: acceptable for rules about structure.
    static func only(_ text: String) -> String {
        var lexer = Lexer(bytes: Array(text.utf8))
        lexer.run()
        return String(decoding: lexer.output, as: UTF8.self)
    }

    private struct Lexer {
        let bytes: [UInt8]
        var output: [UInt8] = []
        var place = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func run() {
            output.reserveCapacity(bytes.count)
            while place < bytes.count {
                if starts(with: "//") {
                    blank { $0.bytes[$0.place] == UInt8(ascii: "\n") }
                } else if starts(with: "/*") {
                    blankBlockComment()
                } else if starts(with: "#/") {
                    blank { $0.starts(with: "/#") }
                } else if let hashes = literalStart() {
                    blankLiteral(hashes: hashes)
                } else {
                    output.append(bytes[place])
                    place += 1
                }
            }
        }

        func starts(with word: StaticString, at offset: Int = 0) -> Bool {
            let start = place + offset
            guard start + word.utf8CodeUnitCount <= bytes.count else { return false }
            return word.withUTF8Buffer { expected in
                expected.indices.allSatisfy { bytes[start + $0] == expected[$0] }
            }
        }

        mutating func skip(_ count: Int = 1) {
            for _ in 0..<min(count, bytes.count - place) {
                output.append(bytes[place] == UInt8(ascii: "\n") ? bytes[place] : UInt8(ascii: " "))
                place += 1
            }
        }

        mutating func blank(until end: (Lexer) -> Bool) {
            while place < bytes.count, !end(self) { skip() }
        }

        mutating func blankBlockComment() {
            var depth = 0
            repeat {
                if starts(with: "/*") {
                    depth += 1
                    skip(2)
                } else if starts(with: "*/") {
                    depth -= 1
                    skip(2)
                } else {
                    skip()
                }
            } while depth > 0 && place < bytes.count
        }

        /// How many `#` stand before the quote that begins here; nil when no literal begins here.
        func literalStart() -> Int? {
            var hashes = 0
            while starts(with: "#", at: hashes) { hashes += 1 }
            return starts(with: "\"", at: hashes) ? hashes : nil
        }

        mutating func blankLiteral(hashes: Int) {
            skip(hashes)
            let quotes = starts(with: "\"\"\"") ? 3 : 1
            skip(quotes)
            while place < bytes.count {
                if ends(quotes: quotes, hashes: hashes) {
                    skip(quotes + hashes)
                    return
                }
                if quotes == 1 && starts(with: "\n") { return }
                blankOne(hashes: hashes)
            }
        }

        /// One character of a literal, one escape, or one interpolation with everything in it.
        private mutating func blankOne(hashes: Int) {
            guard starts(with: "\\"), (0..<hashes).allSatisfy({ starts(with: "#", at: 1 + $0) }) else { return skip() }
            guard starts(with: "(", at: 1 + hashes) else { return skip(2 + hashes) }
            skip(1 + hashes)
            var depth = 0
            repeat {
                if let inner = literalStart() {
                    blankLiteral(hashes: inner)
                    continue
                }
                if starts(with: "(") { depth += 1 }
                if starts(with: ")") { depth -= 1 }
                skip()
            } while depth > 0 && place < bytes.count
        }

        private func ends(quotes: Int, hashes: Int) -> Bool {
            (0..<quotes).allSatisfy { starts(with: "\"", at: $0) }
                && (0..<hashes).allSatisfy { starts(with: "#", at: quotes + $0) }
        }
    }
}
