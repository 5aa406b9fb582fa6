package import NIOCore
package import StokerWire

/// A request, as far as the simulator reads it.
package struct SimulatedRequest: Sendable {
    package var method: String
    /// Without the query.
    package var path: String
    package var query: String
    package var isHTTP10: Bool
    package var keepsAlive: Bool
    package var accept: String?
    /// The text of `X-Simulator-Fault`.
    package var fault: String?
    package var body = ByteBuffer()
    /// The body was over the limit, and is dropped.
    package var isTooLarge = false

    /// A value of the query, without percent-decoding: numbers and names need none.
    func value(of key: String) -> String? {
        for pair in query.split(separator: "&") where pair.hasPrefix(key + "=") {
            return String(pair.dropFirst(key.utf8.count + 1))
        }
        return nil
    }
}

/// Cuts a client's bytes into requests. Pure: the same requests however the bytes were split.
package struct RequestReader: Sendable {
    package enum Step: Sendable {
        /// Feed it more.
        case needsMore
        /// The client waits for `100 Continue` before it sends the body.
        case expectsContinue
        case request(SimulatedRequest)
    }

    private enum State {
        case head(HeadFinder)
        case body(SimulatedRequest, BodyScanner)
    }

    private static let maxHead = 64 << 10
    private let maxBody: Int
    private var state = State.head(HeadFinder())
    private var input = ByteBuffer()

    package init(maxBody: Int = SimulatorOptions.maxBody) { self.maxBody = maxBody }

    /// Bytes that are not yet part of a request.
    package var buffered: Int { input.readableBytes }

    package mutating func feed(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 { input = bytes } else { input.writeImmutableBuffer(bytes) }
    }

    /// The next step; after a throw nobody knows where the next request starts.
    package mutating func next() throws(WireFault) -> Step {
        switch state {
        case .head(var finder):
            guard let end = try finder.end(in: input.readableBytesUInt8Span, limit: Self.maxHead),
                let head = input.readSlice(length: end)
            else {
                state = .head(finder)
                return .needsMore
            }
            return try take(head)
        case .body(let request, let scanner): return try read(request, scanner)
        }
    }

    private mutating func take(_ head: ByteBuffer) throws(WireFault) -> Step {
        let (request, framing, expectsContinue) = try Self.parse(head.readableBytesUInt8Span)
        let scanner = BodyScanner(framing)
        if scanner.isDone {
            state = .head(HeadFinder())
            return .request(request)
        }
        state = .body(request, scanner)
        if expectsContinue, input.readableBytes == 0 { return .expectsContinue }
        return try read(request, scanner)
    }

    private mutating func read(_ before: SimulatedRequest, _ scanned: BodyScanner) throws(WireFault) -> Step {
        var request = before
        var scanner = scanned
        // Released, so that the body grows in place.
        state = .head(HeadFinder())
        let input = self.input
        let bytes = input.readableBytesUInt8Span
        var pieces: [Range<Int>] = []
        let end = try scanner.scan(bytes) { pieces.append($0) }
        let start = input.readerIndex
        for piece in pieces where !request.isTooLarge {
            request.isTooLarge = request.body.readableBytes + piece.count > maxBody
            if !request.isTooLarge, let part = input.getSlice(at: start + piece.lowerBound, length: piece.count) {
                request.body.writeImmutableBuffer(part)
            }
        }
        if request.isTooLarge { request.body = ByteBuffer() }
        self.input.moveReaderIndex(forwardBy: end)
        if scanner.isDone { return .request(request) }
        state = .body(request, scanner)
        return .needsMore
    }

    private typealias Head = (request: SimulatedRequest, framing: BodyFraming, expectsContinue: Bool)

    private static func parse(_ bytes: borrowing Span<UInt8>) throws(WireFault) -> Head {
        guard let lineEnd = bytes.firstIndex(of: ASCII.lineFeed, from: 0, to: bytes.count),
            let space = bytes.firstIndex(of: ASCII.space, from: 0, to: lineEnd), space > 0,
            let second = bytes.firstIndex(of: ASCII.space, from: space + 1, to: lineEnd)
        else { throw .requestLine }
        for index in 0..<space where !ASCII.token.contains(bytes[index]) { throw .requestLine }
        let version = second + 1..<lineEnd - 1
        let isHTTP10 = bytes.equals("HTTP/1.0", in: version)
        guard isHTTP10 || bytes.equals("HTTP/1.1", in: version) else { throw .version }
        guard bytes[space + 1] == ASCII.slash else { throw .target }
        let question = bytes.firstIndex(of: ASCII.question, from: space + 1, to: second)
        var request = SimulatedRequest(
            method: bytes.text(in: 0..<space), path: bytes.text(in: space + 1..<(question ?? second)),
            query: question.map { bytes.text(in: $0 + 1..<second) } ?? "", isHTTP10: isHTTP10, keepsAlive: true)
        var facts = FramingFacts()
        var expectsContinue = false
        for field in try FieldBlock.parse(bytes, from: lineEnd + 1, to: bytes.count) {
            switch field.known {
            case .other:
                if bytes.spells("accept", in: field.name) {
                    request.accept = bytes.text(in: field.value)
                } else if bytes.spells("x-simulator-fault", in: field.name) {
                    request.fault = bytes.text(in: field.value)
                }
            case .expect: expectsContinue = bytes.spells("100-continue", in: field.value)
            default: try facts.take(field, in: bytes)
            }
        }
        try facts.checkConflict()
        request.keepsAlive = !facts.closes && (!isHTTP10 || facts.keepsAlive)
        let framing: BodyFraming = facts.isChunked ? .chunked : facts.contentLength.map { .length($0) } ?? .none
        return (request, framing, expectsContinue)
    }
}
