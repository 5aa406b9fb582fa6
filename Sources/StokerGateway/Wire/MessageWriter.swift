import NIOCore
import StokerCore
import StokerWire

/// Writes messages anew from what was parsed: nothing that the parser did not understand is passed on.
enum MessageWriter {
    /// A request for a backend: our own `Host`, `Content-Length` and `X-Request-Id`, hop-by-hop fields left out.
    static func request(
        _ head: RequestHead, body: ByteBuffer, to backend: CompiledTable.Backend, id: String, into out: inout ByteBuffer
    ) {
        let bytes = head.bytes.readableBytesUInt8Span
        out.reserveCapacity(minimumWritableBytes: bytes.count + 128 + (isSmall(body) ? body.readableBytes : 0))
        out.writeString(head.method.rawValue)
        out.writeInteger(ASCII.space)
        out.writeString(backend.route.address.pathPrefix)
        out.writeBytes(bytes.extracting(head.target).bytes)
        out.writeStaticString(" HTTP/1.1\r\nHost: ")
        out.writeString(backend.authority)
        out.writeStaticString("\r\n")
        forEachForwarded(head.fields, nominated: head.nominated, in: bytes, also: .host, .expect) {
            out.writeBytes(bytes.extracting($0).bytes)
        }
        out.writeStaticString("X-Request-Id: ")
        out.writeString(id)
        out.writeStaticString("\r\nContent-Length: ")
        writeDecimal(body.readableBytes, into: &out)
        out.writeStaticString("\r\n\r\n")
        if isSmall(body) { out.writeImmutableBuffer(body) }
    }

    /// A small body is copied behind its head: cheaper than a second buffer in the write.
    static func isSmall(_ body: ByteBuffer) -> Bool { body.readableBytes <= 16 << 10 }

    /// The head of a backend's answer for the client.
    static func response(
        _ head: ResponseHead, in headBytes: ByteBuffer, framing: ClientFraming, id: String, closes: Bool,
        into out: inout ByteBuffer
    ) {
        let bytes = headBytes.readableBytesUInt8Span
        out.reserveCapacity(minimumWritableBytes: bytes.count + 128)
        writeStatusLine(head.status, into: &out)
        forEachForwarded(head.fields, nominated: head.nominated, in: bytes, also: .other, .other) {
            out.writeBytes(bytes.extracting($0).bytes)
        }
        if case .length(let length) = head.framing {
            out.writeStaticString("Content-Length: ")
            writeDecimal(length, into: &out)
            out.writeStaticString("\r\n")
        } else if framing == .chunked || framing == .rechunked {
            out.writeStaticString("Transfer-Encoding: chunked\r\n")
        } else if head.framing == .none, head.status != 204, head.status != 304 {
            out.writeStaticString("Content-Length: 0\r\n")
        }
        endHead(id: id, closes: closes, into: &out)
    }

    /// An answer of our own with a JSON body.
    static func answer(
        status: Int, json: String, extra: [(StaticString, String)] = [], id: String, closes: Bool,
        withBody: Bool = true,
        into out: inout ByteBuffer
    ) {
        writeStatusLine(status, into: &out)
        out.writeStaticString("Content-Type: application/json\r\nContent-Length: ")
        writeDecimal(json.utf8.count, into: &out)
        out.writeStaticString("\r\n")
        for (name, value) in extra {
            out.writeStaticString(name)
            out.writeStaticString(": ")
            out.writeString(value)
            out.writeStaticString("\r\n")
        }
        endHead(id: id, closes: closes, into: &out)
        if withBody { out.writeString(json) }
    }

    /// One chunk around `length` bytes that the caller writes between this and CRLF.
    static func chunkStart(_ length: Int, into out: inout ByteBuffer) {
        out.writeString(String(length, radix: 16))
        out.writeStaticString("\r\n")
    }

    private static func endHead(id: String, closes: Bool, into out: inout ByteBuffer) {
        out.writeStaticString("X-Request-Id: ")
        out.writeString(id)
        if closes { out.writeStaticString("\r\nConnection: close") }
        out.writeStaticString("\r\n\r\n")
    }

    /// Calls `write` with stretches of whole header lines, as long as possible: mostly one copy for all of them.
    private static func forEachForwarded(
        _ fields: [HeaderField], nominated: [String], in bytes: borrowing Span<UInt8>, also first: KnownField,
        _ second: KnownField, write: (Range<Int>) -> Void
    ) {
        var run: Range<Int>?
        for field in fields {
            let known = field.known
            let isDropped =
                known != .other
                && (known.isHopByHop || known == .contentLength || known == .xRequestID || known == first
                    || known == second)
            if isDropped || isNominated(field, nominated, bytes) {
                if let run { write(run) }
                run = nil
            } else {
                run = (run?.lowerBound ?? field.line.lowerBound)..<field.line.upperBound
            }
        }
        if let run { write(run) }
    }

    private static func isNominated(
        _ field: HeaderField, _ nominated: [String], _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        guard !nominated.isEmpty else { return false }
        return nominated.contains(bytes.text(in: field.name).lowercased())
    }

    private static func writeStatusLine(_ status: Int, into out: inout ByteBuffer) {
        if status == 200 {
            out.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            out.writeStaticString("HTTP/1.1 ")
            writeDecimal(status, into: &out)
            out.writeInteger(ASCII.space)
            out.writeStaticString(StatusText.of(status))
            out.writeStaticString("\r\n")
        }
    }

    /// Digits without a `String` in between.
    private static func writeDecimal(_ value: Int, into out: inout ByteBuffer) {
        var divisor = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            out.writeInteger(UInt8(truncatingIfNeeded: value / divisor % 10) &+ 0x30)
            divisor /= 10
        }
    }
}

/// How an answer's body reaches the client.
enum ClientFraming: Equatable {
    /// As the backend sent it, framed by Content-Length or empty.
    case plain
    /// As the backend sent it, chunk framing included.
    case chunked
    /// A body that ended with the backend's connection, in chunks of our own.
    case rechunked
    /// Data only, ended by closing: for HTTP/1.0, which knows no chunks.
    case raw

    init(_ framing: BodyFraming, clientIsHTTP10: Bool) {
        self =
            switch framing {
            case .none, .length: .plain
            case .chunked: clientIsHTTP10 ? .raw : .chunked
            case .untilClose: clientIsHTTP10 ? .raw : .rechunked
            }
    }
}

/// The reason phrase of a status code.
enum StatusText {
    static func of(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
