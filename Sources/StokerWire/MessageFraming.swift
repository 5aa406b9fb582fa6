/// How the end of a body is known.
package enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
    /// Responses only: the body ends with the connection.
    case untilClose
}

/// What a message says about its own length and about its connection, gathered from all its fields.
package struct FramingFacts: Sendable {
    /// Of names in `nominated`: each is compared with each field, and nobody means more than a few.
    private static let maxNominated = 16

    package private(set) var contentLength: Int?
    package private(set) var isChunked = false
    package private(set) var closes = false
    package private(set) var keepsAlive = false
    /// Names in `Connection` beside `close` and `keep-alive`, lower case: fields to drop.
    package private(set) var nominated: [String] = []

    package init() {}

    /// Reads one field; fields that say nothing about framing are ignored.
    package mutating func take(_ field: HeaderField, in bytes: borrowing Span<UInt8>) throws(WireFault) {
        switch field.known {
        case .contentLength:
            guard contentLength == nil else { throw .contentLength }
            contentLength = try Self.length(field.value, in: bytes)
        case .transferEncoding:
            guard !isChunked, bytes.spells("chunked", in: field.value) else { throw .transferEncoding }
            isChunked = true
        case .connection:
            try takeConnection(field.value, in: bytes)
        default: break
        }
    }

    /// Digits only, no leading zero, at most 15 of them: every parser reads such a number alike.
    private static func length(
        _ value: Range<Int>, in bytes: borrowing Span<UInt8>
    ) throws(WireFault) -> Int {
        guard (1...15).contains(value.count) else { throw .contentLength }
        if value.count > 1, bytes[value.lowerBound] == 0x30 { throw .contentLength }
        var length = 0
        for index in value {
            guard ASCII.isDigit(bytes[index]) else { throw .contentLength }
            length = length &* 10 &+ Int(bytes[index] &- 0x30)
        }
        return length
    }

    private mutating func takeConnection(
        _ value: Range<Int>, in bytes: borrowing Span<UInt8>
    ) throws(WireFault) {
        // What nearly all say.
        if bytes.spells("keep-alive", in: value) { return keepsAlive = true }
        if bytes.spells("close", in: value) { return closes = true }
        var elements: [Range<Int>] = []
        FieldBlock.forEachElement(of: value, in: bytes) { elements.append($0) }
        for element in elements {
            if bytes.spells("close", in: element) {
                closes = true
            } else if bytes.spells("keep-alive", in: element) {
                keepsAlive = true
            } else {
                for index in element where !ASCII.token.contains(bytes[index]) { throw .connection }
                guard nominated.count < Self.maxNominated else { throw .connection }
                nominated.append(bytes.text(in: element).lowercased())
            }
        }
    }

    /// CL and TE together are refused whatever their order: the oldest way to smuggle a request.
    package func checkConflict() throws(WireFault) {
        if isChunked, contentLength != nil { throw .conflictingLengths }
    }
}
