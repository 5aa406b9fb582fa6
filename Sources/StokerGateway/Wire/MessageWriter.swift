import NIOCore
import StokerCore
import StokerWire

/// Writes messages anew from what was parsed: nothing that the parser did not understand is passed on.
enum MessageWriter {
    /// A request for a backend: our own `Host`, `Content-Length`, `X-Request-Id`, `traceparent` and `X-Forwarded-*`,
    /// hop-by-hop fields left out.
    static func request(
        _ head: RequestHead, body: ByteBuffer, to backend: CompiledTable.Backend, about origin: RequestOrigin,
        into out: inout ByteBuffer
    ) {
        let bytes = head.bytes.readableBytesUInt8Span
        out.reserveCapacity(minimumWritableBytes: bytes.count + 384 + body.readableBytes)
        out.writeString(head.method.rawValue)
        out.writeInteger(ASCII.space)
        out.writeString(backend.route.address.pathPrefix)
        out.writeBytes(bytes.extracting(head.target).bytes)
        out.writeBytes(backend.opening)
        let hasTrace = origin.trace.isClients
        forEachForwarded(
            head.fields, nominated: head.nominated, in: bytes,
            // The state belongs to the trace that the client names (W3C Trace Context, section 3.3).
            dropping: { $0.isGatewaysOwn || ($0 == .tracestate && !hasTrace) }
        ) { out.writeBytes(bytes.extracting($0).bytes) }
        if let host = head.fields.first(where: { $0.known == .host }) {
            // The rest of the line as it came, with its end.
            out.writeStaticString("X-Forwarded-Host: ")
            out.writeBytes(bytes.extracting(host.value.lowerBound..<host.line.upperBound).bytes)
        }
        // For and Proto, the same for all requests of the connection.
        out.writeString(origin.forwarded)
        out.writeStaticString("X-Request-Id: ")
        out.writeString(origin.id)
        out.writeStaticString("\r\ntraceparent: ")
        origin.trace.write(into: &out)
        out.writeStaticString("\r\nContent-Length: ")
        writeDecimal(body.readableBytes, into: &out)
        out.writeStaticString("\r\n\r\n")
        out.writeImmutableBuffer(body)
    }

    /// The head of a backend's answer for the client.
    static func response(
        _ head: ResponseHead, in headBytes: ByteBuffer, framing: ClientFraming, id: String, persistence: Persistence,
        into out: inout ByteBuffer
    ) {
        let bytes = headBytes.readableBytesUInt8Span
        out.reserveCapacity(minimumWritableBytes: bytes.count + 128)
        writeStatusLine(head.status, into: &out)
        forEachForwarded(
            head.fields, nominated: head.nominated, in: bytes,
            dropping: { $0 == .contentLength || $0 == .xRequestID }
        ) { out.writeBytes(bytes.extracting($0).bytes) }
        writeFraming(framing, into: &out)
        endHead(id: id, persistence: persistence, into: &out)
    }

    /// The head of an event stream whose backend has not said anything yet.
    static func earlyStreamHead(
        framing: ClientFraming, id: String, persistence: Persistence, into out: inout ByteBuffer
    ) {
        writeStatusLine(200, into: &out)
        out.writeStaticString("Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n")
        writeFraming(framing, into: &out)
        endHead(id: id, persistence: persistence, into: &out)
    }

    private static func writeFraming(_ framing: ClientFraming, into out: inout ByteBuffer) {
        switch framing {
        case .none, .raw: break
        case .length(let length):
            out.writeStaticString("Content-Length: ")
            writeDecimal(length, into: &out)
            out.writeStaticString("\r\n")
        case .chunked: out.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
    }

    /// An answer of our own with a JSON body.
    static func answer(
        status: Int, json: String, extra: [(StaticString, String)] = [], id: String, persistence: Persistence,
        withBody: Bool = true,
        into out: inout ByteBuffer
    ) {
        writeStatusLine(status, into: &out)
        out.writeStaticString("Content-Type: application/json\r\n")
        writeFraming(.length(json.utf8.count), into: &out)
        for (name, value) in extra {
            out.writeStaticString(name)
            out.writeStaticString(": ")
            out.writeString(value)
            out.writeStaticString("\r\n")
        }
        endHead(id: id, persistence: persistence, into: &out)
        if withBody { out.writeString(json) }
    }

    /// An answer on the private socket.
    static func answer(_ answer: ControlRoutes.Answer, into out: inout ByteBuffer) {
        writeStatusLine(answer.status, into: &out)
        out.writeStaticString("Content-Type: ")
        out.writeString(answer.contentType)
        out.writeStaticString("\r\n")
        writeFraming(.length(answer.body.count), into: &out)
        out.writeStaticString("\r\n")
        out.writeBytes(answer.body)
    }

    /// Starts a chunk of `length` bytes; they and CRLF follow.
    static func chunkStart(_ length: Int, into out: inout ByteBuffer) {
        var shift = 60 - length.leadingZeroBitCount & ~3
        if length == 0 { shift = 0 }
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: length >> shift) & 15
            out.writeInteger(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
        out.writeStaticString("\r\n")
    }

    private static func endHead(id: String, persistence: Persistence, into out: inout ByteBuffer) {
        out.writeStaticString("X-Request-Id: ")
        out.writeString(id)
        switch persistence {
        case .usual: break
        case .told: out.writeStaticString("\r\nConnection: keep-alive")
        case .closes: out.writeStaticString("\r\nConnection: close")
        }
        out.writeStaticString("\r\n\r\n")
    }

    /// Calls `write` with stretches of whole header lines, as long as possible: mostly one copy for all of them.
    private static func forEachForwarded(
        _ fields: [HeaderField], nominated: [String], in bytes: borrowing Span<UInt8>,
        dropping isDropped: (KnownField) -> Bool, write: (Range<Int>) -> Void
    ) {
        var run: Range<Int>?
        for field in fields {
            let known = field.known == .other ? KnownField.twin(of: field.name, in: bytes) : field.known
            if known != .other && (known.isHopByHop || isDropped(known)) || isNominated(field, nominated, bytes) {
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

/// What becomes of a client's connection after an answer.
enum Persistence: Equatable {
    /// It stays, as HTTP/1.1 has it.
    case usual
    /// It stays, and an HTTP/1.0 client has to be told.
    case told
    case closes
}

/// How an answer's body reaches the client.
enum ClientFraming: Equatable {
    /// There is none: 204 and 304.
    case none
    case length(Int)
    case chunked
    /// Data only, ended by closing: for HTTP/1.0, which knows no chunks.
    case raw

    /// For an answer of which only the head has come.
    init(_ head: ResponseHead, clientIsHTTP10: Bool) {
        self =
            switch head.framing {
            case .none: head.status == 204 || head.status == 304 ? .none : .length(0)
            case .length(let length): .length(length)
            case .chunked, .untilClose: clientIsHTTP10 ? .raw : .chunked
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
