/// The head of a backend's final answer, read as strictly as a client's request: an engine may be compromised too.
package struct ResponseHead: Sendable {
    package var status: Int
    package var fields: [HeaderField]
    package var framing: BodyFraming
    /// Whether the connection may carry another request.
    package var keepsAlive: Bool
    package var nominated: [String]
    package var content: Content

    /// What `Content-Type` says, as far as readers of answers care.
    package enum Content: Sendable, Equatable {
        case eventStream
        /// `application/json` and anything `+json`.
        case json
        case other
        /// There is no such field.
        case unnamed
    }

    /// Whether the body is a stream of server-sent events.
    package var isEventStream: Bool { content == .eventStream }

    /// 1xx: another head follows.
    package var isInterim: Bool { status < 200 }

    /// Parses a whole head, from the version to the empty line.
    ///
    /// - Parameter toHead: whether it answers a HEAD request, whose answer never has a body.
    package static func parse(
        _ bytes: borrowing Span<UInt8>, toHead: Bool = false
    ) throws(WireFault) -> ResponseHead {
        guard bytes.count >= 15, bytes.equals("HTTP/1.", in: 0..<7), bytes[7] == 0x31 || bytes[7] == 0x30,
            bytes[8] == ASCII.space
        else { throw .statusLine }
        let status = try code(bytes)
        var lineEnd = 12
        // The reason phrase may be missing with or without its space; nobody reads it.
        if bytes[12] == ASCII.space {
            lineEnd = 13
            while lineEnd < bytes.count, ASCII.isFieldValue(bytes[lineEnd]) { lineEnd &+= 1 }
        }
        guard lineEnd &+ 1 < bytes.count, bytes[lineEnd] == ASCII.carriageReturn,
            bytes[lineEnd &+ 1] == ASCII.lineFeed
        else { throw .statusLine }
        let fields = try FieldBlock.parse(bytes, from: lineEnd &+ 2, to: bytes.count)
        return try ResponseHead(bytes, status: status, isHTTP10: bytes[7] == 0x30, fields: fields, toHead: toHead)
    }

    private static func code(_ bytes: borrowing Span<UInt8>) throws(WireFault) -> Int {
        var status = 0
        for index in 9..<12 {
            guard ASCII.isDigit(bytes[index]) else { throw .statusLine }
            status = status * 10 + Int(bytes[index] &- 0x30)
        }
        guard (100...599).contains(status) else { throw .statusLine }
        return status
    }

    private init(
        _ bytes: borrowing Span<UInt8>, status: Int, isHTTP10: Bool, fields: [HeaderField], toHead: Bool
    ) throws(WireFault) {
        var facts = FramingFacts()
        var content = Content.unnamed
        for field in fields where field.known != .other {
            try facts.take(field, in: bytes)
            if field.known == .contentType { content = Self.content(field.value, in: bytes) }
        }
        if facts.isChunked, isHTTP10 { throw .encodingInHTTP10 }
        try facts.checkConflict()
        self.status = status
        self.fields = fields
        nominated = facts.nominated
        self.content = content
        if toHead || status < 200 || status == 204 || status == 304 {
            framing = .none
        } else if facts.isChunked {
            framing = .chunked
        } else {
            framing = facts.contentLength.map { $0 == 0 ? .none : .length($0) } ?? .untilClose
        }
        keepsAlive = framing != .untilClose && !facts.closes && (!isHTTP10 || facts.keepsAlive)
    }

    private static func content(_ value: Range<Int>, in bytes: borrowing Span<UInt8>) -> Content {
        var end = value.lowerBound
        while end < value.upperBound, bytes[end] != ASCII.semicolon, bytes[end] != ASCII.space { end &+= 1 }
        let type = value.lowerBound..<end
        if bytes.spells("text/event-stream", in: type) { return .eventStream }
        if bytes.spells("application/json", in: type) { return .json }
        return type.count > 5 && bytes.spells("+json", in: end &- 5..<end) ? .json : .other
    }
}
