package import NIOCore
import StokerCore
package import StokerWire

/// The head of a request that obeys the grammar to the letter.
package struct RequestHead: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        case options = "OPTIONS"
        case patch = "PATCH"
    }

    /// The head as it came; every range below is a place in it.
    package var bytes: ByteBuffer
    package var method: Method
    /// Path and query.
    package var target: Range<Int>
    /// The target without the query.
    package var path: Range<Int>
    package var fields: [HeaderField]
    package var framing: BodyFraming
    package var isHTTP10: Bool
    /// Whether the client wants to go on with this connection.
    package var keepsAlive: Bool
    package var expectsContinue: Bool
    /// Fields that the client's `Connection` makes hop-by-hop, lower case.
    package var nominated: [String]

    /// The path as text.
    package var pathText: String { bytes.readableBytesUInt8Span.text(in: path) }

    /// Path and query as text.
    package var targetText: String { bytes.readableBytesUInt8Span.text(in: target) }

    /// The value of the first field of that kind, nil when there is none.
    package func value(of known: KnownField) -> String? {
        guard let field = fields.first(where: { $0.known == known }) else { return nil }
        return bytes.readableBytesUInt8Span.text(in: field.value)
    }

    /// A hash of the value of the first field of that kind, nil when there is none.
    func hash(of known: KnownField) -> UInt64? {
        guard let field = fields.first(where: { $0.known == known }) else { return nil }
        var hash = PrefixHash()
        hash.add(bytes.readableBytesUInt8Span, field.value)
        return hash.value
    }

    /// Whether the body is what it seems: not coded, and no multipart.
    var isPlain: Bool {
        let bytes = self.bytes.readableBytesUInt8Span
        for field in fields {
            if field.known == .contentEncoding, !bytes.spells("identity", in: field.value) { return false }
            if field.known == .contentType, field.value.count >= 10 {
                let start = field.value.lowerBound
                if bytes.spells("multipart/", in: start..<start &+ 10) { return false }
            }
        }
        return true
    }

    /// Whether the value of the first field of that kind is this word, in any case.
    func says(_ word: StaticString, in known: KnownField) -> Bool {
        guard let field = fields.first(where: { $0.known == known }) else { return false }
        return bytes.readableBytesUInt8Span.spells(word, in: field.value)
    }

    /// Parses a whole head, from the method to the empty line.
    package static func parse(_ buffer: ByteBuffer) throws(RequestFault) -> RequestHead {
        let bytes = buffer.readableBytesUInt8Span
        let line = try RequestLine(bytes)
        do throws(WireFault) {
            let fields = try FieldBlock.parse(bytes, from: line.end, to: bytes.count)
            return try RequestHead(buffer, line: line, fields: fields)
        } catch .tooManyFields {
            throw .headTooLarge
        } catch {
            throw .malformed(error)
        }
    }

    private init(_ buffer: ByteBuffer, line: RequestLine, fields: [HeaderField]) throws(WireFault) {
        let bytes = buffer.readableBytesUInt8Span
        var facts = FramingFacts()
        var hosts = 0
        var expectsContinue = false
        for field in fields where field.known != .other {
            try facts.take(field, in: bytes)
            if field.known == .host {
                hosts += 1
                guard HostField.isValid(field.value, in: bytes) else { throw .host }
            } else if field.known == .expect {
                // HTTP/1.0 has no interim answers: there it is ignored (RFC 9110 section 10.1.1).
                expectsContinue = !line.isHTTP10
            }
        }
        guard hosts == 1 || (hosts == 0 && line.isHTTP10) else { throw .host }
        if facts.isChunked, line.isHTTP10 { throw .encodingInHTTP10 }
        try facts.checkConflict()
        self.bytes = buffer
        method = line.method
        target = line.target
        path = line.path
        self.fields = fields
        framing = facts.isChunked ? .chunked : facts.contentLength.map { $0 == 0 ? .none : .length($0) } ?? .none
        isHTTP10 = line.isHTTP10
        keepsAlive = !facts.closes && (!line.isHTTP10 || facts.keepsAlive)
        self.expectsContinue = expectsContinue
        nominated = facts.nominated
    }

    /// Refuses an expectation other than `100-continue`, and more than one (RFC 9110 section 10.1.1).
    package func checkExpectation() throws(RequestFault) {
        guard expectsContinue else { return }
        let bytes = self.bytes.readableBytesUInt8Span
        let all = fields.filter { $0.known == .expect }
        guard all.count == 1, bytes.spells("100-continue", in: all[0].value) else {
            throw .unknownExpectation
        }
    }
}

/// Method, target and version.
private struct RequestLine {
    var method: RequestHead.Method
    var target: Range<Int>
    var path: Range<Int>
    var isHTTP10: Bool
    /// Where the header lines begin.
    var end: Int

    init(_ bytes: borrowing Span<UInt8>) throws(RequestFault) {
        var index = 0
        while index < bytes.count, ASCII.token.contains(bytes[index]) { index &+= 1 }
        guard index > 0, index < bytes.count, bytes[index] == ASCII.space else { throw .malformed(.requestLine) }
        let name = 0..<index
        index &+= 1
        let start = index
        while index < bytes.count, ASCII.target.contains(bytes[index]) { index &+= 1 }
        guard index < bytes.count, bytes[index] == ASCII.space, index > start else { throw .malformed(.requestLine) }
        target = start..<index
        isHTTP10 = try Self.version(bytes, at: index &+ 1)
        end = index &+ 11
        guard let method = Self.method(name, in: bytes) else { throw .unknownMethod }
        self.method = method
        path = try Self.path(target, in: bytes)
    }

    /// Reads `HTTP/1.x` and CRLF; 12 bytes with the space before it.
    private static func version(_ bytes: borrowing Span<UInt8>, at start: Int) throws(RequestFault) -> Bool {
        guard start &+ 10 <= bytes.count, bytes.equals("HTTP/", in: start..<start &+ 5),
            ASCII.isDigit(bytes[start &+ 5]), bytes[start &+ 6] == ASCII.dot, ASCII.isDigit(bytes[start &+ 7]),
            bytes[start &+ 8] == ASCII.carriageReturn, bytes[start &+ 9] == ASCII.lineFeed
        else { throw .malformed(.version) }
        guard bytes[start &+ 5] == 0x31, bytes[start &+ 7] <= 0x31 else { throw .unsupportedVersion }
        return bytes[start &+ 7] == 0x30
    }

    private static func method(_ name: Range<Int>, in bytes: borrowing Span<UInt8>) -> RequestHead.Method? {
        if bytes.equals("POST", in: name) { return .post }
        if bytes.equals("GET", in: name) { return .get }
        return name.count <= 7 ? RequestHead.Method(rawValue: bytes.text(in: name)) : nil
    }

    /// Origin-form only: absolute-form carries a second host, and the other forms ask for a tunnel.
    private static func path(_ target: Range<Int>, in bytes: borrowing Span<UInt8>) throws(RequestFault) -> Range<Int> {
        guard bytes[target.lowerBound] == ASCII.slash else { throw .malformed(.target) }
        for index in target where bytes[index] == ASCII.percent {
            guard index &+ 2 < target.upperBound, let high = ASCII.hexValue(bytes[index &+ 1]),
                let low = ASCII.hexValue(bytes[index &+ 2]), high | low != 0
            else { throw .malformed(.target) }
        }
        let query = bytes.firstIndex(of: ASCII.question, from: target.lowerBound, to: target.upperBound)
        return target.lowerBound..<(query ?? target.upperBound)
    }
}

/// The grammar of `Host`: a name or an address, perhaps a port, nothing else.
enum HostField {
    static func isValid(_ value: Range<Int>, in bytes: borrowing Span<UInt8>) -> Bool {
        guard !value.isEmpty else { return false }
        var index = value.lowerBound
        if bytes[index] == ASCII.bracketOpen {
            index &+= 1
            while index < value.upperBound, isAddressByte(bytes[index]) { index &+= 1 }
            guard index < value.upperBound, bytes[index] == ASCII.bracketClose else { return false }
            index &+= 1
        } else {
            while index < value.upperBound, ASCII.host.contains(bytes[index]) { index &+= 1 }
            guard index > value.lowerBound else { return false }
        }
        return index == value.upperBound || isPort(index..<value.upperBound, in: bytes)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        ASCII.hexValue(byte) != nil || byte == ASCII.colon || byte == ASCII.dot
    }

    private static func isPort(_ range: Range<Int>, in bytes: borrowing Span<UInt8>) -> Bool {
        guard bytes[range.lowerBound] == ASCII.colon, range.count <= 6 else { return false }
        var port = 0
        for index in range.dropFirst() {
            guard ASCII.isDigit(bytes[index]) else { return false }
            port = port * 10 + Int(bytes[index] &- 0x30)
        }
        return port <= 65_535
    }
}
