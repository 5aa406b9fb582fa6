/// One header line, as places in the head that it was read from.
package struct HeaderField: Sendable, Equatable {
    package var name: Range<Int>
    /// Without the white space around it.
    package var value: Range<Int>
    /// From the name's first byte to just after CRLF.
    package var line: Range<Int>
    package var known: KnownField
}

/// The fields that a reader of HTTP itself must understand.
package enum KnownField: UInt8, Sendable {
    case other, authorization
    case connection, contentEncoding, contentLength, contentType, expect, host, keepAlive, proxyAuthenticate
    case proxyAuthorization, proxyConnection, te, trailer, transferEncoding, upgrade, xRequestID
    case forwarded, traceparent, tracestate, xForwardedFor, xForwardedHost, xForwardedPort, xForwardedProto
    case xStokerContinuation

    /// The field of that name; the length is looked at first, so most names cost one comparison or none.
    static func named(_ name: Range<Int>, in bytes: borrowing Span<UInt8>) -> KnownField {
        func check(_ word: StaticString, _ field: KnownField) -> KnownField {
            bytes.spells(word, in: name) ? field : .other
        }
        switch name.count {
        case 2: return check("te", .te)
        case 4: return check("host", .host)
        case 6: return check("expect", .expect)
        case 7: return bytes.spells("trailer", in: name) ? .trailer : check("upgrade", .upgrade)
        case 9: return check("forwarded", .forwarded)
        case 10:
            if bytes.spells("connection", in: name) { return .connection }
            return bytes.spells("keep-alive", in: name) ? .keepAlive : check("tracestate", .tracestate)
        case 11: return check("traceparent", .traceparent)
        case 12: return bytes.spells("content-type", in: name) ? .contentType : check("x-request-id", .xRequestID)
        case 13: return check("authorization", .authorization)
        case 14: return check("content-length", .contentLength)
        case 15: return check("x-forwarded-for", .xForwardedFor)
        case 16:
            if bytes.spells("content-encoding", in: name) { return .contentEncoding }
            if bytes.spells("proxy-connection", in: name) { return .proxyConnection }
            return bytes.spells("x-forwarded-host", in: name)
                ? .xForwardedHost : check("x-forwarded-port", .xForwardedPort)
        case 17:
            return bytes.spells("transfer-encoding", in: name)
                ? .transferEncoding : check("x-forwarded-proto", .xForwardedProto)
        case 18: return check("proxy-authenticate", .proxyAuthenticate)
        case 19: return check("proxy-authorization", .proxyAuthorization)
        case 21: return check("x-stoker-continuation", .xStokerContinuation)
        default: return .other
        }
    }

    /// What a name means to servers that read `_` as `-`, as those do that put fields into environment variables.
    package static func twin(of name: Range<Int>, in bytes: borrowing Span<UInt8>) -> KnownField {
        guard bytes.firstIndex(of: 0x5F, from: name.lowerBound, to: name.upperBound) != nil else { return .other }
        let twin = name.map { bytes[$0] == 0x5F ? 0x2D : bytes[$0] }
        return named(0..<twin.count, in: twin.span)
    }

    /// Whether a gateway writes the field anew instead of passing on what a client says.
    package var isGatewaysOwn: Bool {
        switch self {
        case .contentLength, .expect, .forwarded, .host, .traceparent, .xForwardedFor, .xForwardedHost,
            .xForwardedPort, .xForwardedProto, .xRequestID, .xStokerContinuation:
            true
        default: false
        }
    }

    /// Whether the field is about one connection only, and so never passed on (RFC 9110 section 7.6.1).
    package var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyAuthenticate, .proxyAuthorization, .proxyConnection, .te, .trailer,
            .transferEncoding, .upgrade:
            true
        default: false
        }
    }
}

/// Reads header lines.
package enum FieldBlock {
    /// Beyond this a request is a 431 and a response a protocol error.
    package static let maxFields = 100

    /// Reads the lines from `start` up to the empty line that ends at `end`.
    package static func parse(
        _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
    ) throws(WireFault) -> [HeaderField] {
        var fields: [HeaderField] = []
        fields.reserveCapacity(16)
        var index = start
        while index < end &- 2 {
            guard fields.count < maxFields else { throw .tooManyFields }
            let field = try line(bytes, at: index, to: end)
            fields.append(field)
            index = field.line.upperBound
        }
        return fields
    }

    private static func line(
        _ bytes: borrowing Span<UInt8>, at start: Int, to end: Int
    ) throws(WireFault) -> HeaderField {
        var index = start
        while index < end, ASCII.token.contains(bytes[index]) { index &+= 1 }
        guard index < end, bytes[index] == ASCII.colon, index > start else {
            throw nameFault(bytes, line: start, at: index, to: end)
        }
        let name = start..<index
        index &+= 1
        while index < end, bytes[index] == ASCII.space || bytes[index] == ASCII.tab { index &+= 1 }
        let value = index
        while index < end, ASCII.isFieldValue(bytes[index]) { index &+= 1 }
        guard index &+ 1 < end, bytes[index] == ASCII.carriageReturn else { throw .fieldValue }
        guard bytes[index &+ 1] == ASCII.lineFeed else { throw .badLineEnd }
        var last = index
        while last > value, bytes[last &- 1] == ASCII.space || bytes[last &- 1] == ASCII.tab { last &-= 1 }
        return HeaderField(
            name: name, value: value..<last, line: start..<index &+ 2, known: KnownField.named(name, in: bytes))
    }

    /// The most telling name for what stands where a name and a colon should.
    private static func nameFault(
        _ bytes: borrowing Span<UInt8>, line start: Int, at index: Int, to end: Int
    ) -> WireFault {
        let first = bytes[start]
        if first == ASCII.space || first == ASCII.tab { return .foldedLine }
        if index < end, bytes[index] == ASCII.carriageReturn { return .noColon }
        return .fieldName
    }

    /// Calls `body` with each element of a comma-separated list; empty elements are skipped (RFC 9110 section 5.6.1).
    package static func forEachElement(
        of value: Range<Int>, in bytes: borrowing Span<UInt8>, _ body: (Range<Int>) -> Void
    ) {
        var start = value.lowerBound
        while start < value.upperBound {
            let comma = bytes.firstIndex(of: ASCII.comma, from: start, to: value.upperBound) ?? value.upperBound
            var low = start
            var high = comma
            while low < high, bytes[low] == ASCII.space || bytes[low] == ASCII.tab { low &+= 1 }
            while high > low, bytes[high &- 1] == ASCII.space || bytes[high &- 1] == ASCII.tab { high &-= 1 }
            if low < high { body(low..<high) }
            start = comma &+ 1
        }
    }
}
