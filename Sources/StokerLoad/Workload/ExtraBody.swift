package import StokerWire

/// A JSON object whose members go into every request's body, over those that would be there by themselves.
package struct ExtraBody: Sendable, Equatable {
    /// Names with their values as they were written.
    package private(set) var members: [Member] = []

    /// One member.
    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: [UInt8]
    }

    package init() {}

    /// Reads it from what a person typed.
    ///
    /// - Throws: with the place of the first byte that cannot stand where it stands.
    package init(_ text: String) throws(JSONScanner.Fault) {
        let bytes = Array(text.utf8)
        let span = bytes.span
        var scanner = JSONScanner()
        scanner.skipSpace(span)
        try scanner.expect(ASCII.braceOpen, span)
        scanner.skipSpace(span)
        if scanner.index < span.count, span[scanner.index] == ASCII.braceClose {
            scanner.index += 1
        } else {
            repeat {
                members.append(try Self.member(&scanner, span))
            } while try Self.continues(&scanner, span)
        }
        scanner.skipSpace(span)
        guard scanner.index == span.count else { throw .unexpected(at: scanner.index) }
    }

    private static func member(_ scanner: inout JSONScanner, _ span: borrowing Span<UInt8>) throws(JSONScanner.Fault)
        -> Member
    {
        scanner.skipSpace(span)
        let start = scanner.index
        guard let name = JSONText.decode(try scanner.string(span), in: span) else { throw .unexpected(at: start) }
        scanner.skipSpace(span)
        try scanner.expect(ASCII.colon, span)
        scanner.skipSpace(span)
        let begin = scanner.index
        try scanner.value(span)
        return Member(name: name, value: Array(span.text(in: begin..<scanner.index).utf8))
    }

    private static func continues(
        _ scanner: inout JSONScanner, _ span: borrowing Span<UInt8>
    ) throws(JSONScanner.Fault) -> Bool {
        scanner.skipSpace(span)
        if scanner.index < span.count, span[scanner.index] == ASCII.comma {
            scanner.index += 1
            return true
        }
        try scanner.expect(ASCII.braceClose, span)
        return false
    }

    /// Whether it speaks of this member.
    package func has(_ name: String) -> Bool { members.contains { $0.name == name } }
}
