package import NIOCore
package import StokerWire

/// Cuts a backend's bytes into one response at a time. Pure, like `RequestReader`, but bodies are not gathered: each
/// step hands out what has come, framing and all, so that it can be passed on byte for byte.
package struct ResponseReader: Sendable {
    package enum Step: Sendable {
        case needsMore
        /// A head, and the bytes that it was read from.
        case head(ResponseHead, ByteBuffer)
        /// A stretch of the body as it was sent, chunk framing included.
        case body(ByteBuffer)
        /// The response is whole. `reusable`: the connection stays open and nothing came after the response.
        case end(reusable: Bool)
    }

    /// What the end of the connection means.
    package enum Ending: Sendable, Equatable {
        /// Between responses.
        case idle
        /// Before a whole head.
        case early
        /// The regular end of a body without a length.
        case complete
        /// In the middle of a body.
        case truncated
    }

    private enum State {
        case idle
        case head(HeadFinder, interims: Int)
        case body(BodyScanner, keepsAlive: Bool)
    }

    /// Of a response head; engines send a few hundred bytes.
    private static let maxHead = 64 << 10
    private static let maxInterims = 8

    private var state = State.idle
    private var input = ByteBuffer()

    package init() {}

    /// A request has been sent: its response comes next.
    package mutating func expectResponse() { state = .head(HeadFinder(), interims: 0) }

    /// Whether bytes wait to be cut.
    package var hasInput: Bool { input.readableBytes > 0 }

    package mutating func feed(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// The next step.
    ///
    /// - Parameter data: called for each stretch of body data, framing removed, before the step that carries it.
    package mutating func next(
        _ data: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) throws(WireFault) -> Step {
        switch state {
        case .idle:
            if input.readableBytes > 0 { throw .unexpectedInterim }
            return .needsMore
        case .head(let finder, let interims): return try nextHead(finder, interims)
        case .body(let scanner, let keepsAlive): return try nextBody(scanner, keepsAlive, data)
        }
    }

    private mutating func nextHead(_ before: HeadFinder, _ interims: Int) throws(WireFault) -> Step {
        var finder = before
        let end = try finder.end(in: input.readableBytesUInt8Span, limit: Self.maxHead)
        guard let end, let bytes = input.readSlice(length: end) else {
            state = .head(finder, interims: interims)
            return .needsMore
        }
        let head = try ResponseHead.parse(bytes.readableBytesUInt8Span)
        guard !head.isInterim else {
            // 101 would turn the connection into something else, and nobody asked for it.
            guard head.status != 101, interims < Self.maxInterims else { throw .unexpectedInterim }
            return try nextHead(HeadFinder(), interims + 1)
        }
        state = .body(BodyScanner(head.framing), keepsAlive: head.keepsAlive)
        return .head(head, bytes)
    }

    private mutating func nextBody(
        _ before: BodyScanner, _ keepsAlive: Bool, _ data: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) throws(WireFault) -> Step {
        if before.isDone {
            state = .idle
            return .end(reusable: keepsAlive && input.readableBytes == 0)
        }
        guard input.readableBytes > 0 else { return .needsMore }
        var scanner = before
        let present = input
        let bytes = present.readableBytesUInt8Span
        let end = try scanner.scan(bytes) { data(bytes, $0) }
        state = .body(scanner, keepsAlive: keepsAlive)
        guard let stretch = input.readSlice(length: end) else { return .needsMore }
        if input.readableBytes == 0 { input = ByteBuffer() }
        return .body(stretch)
    }

    /// What it means if the backend closes the connection now.
    package var ending: Ending {
        switch state {
        case .idle: .idle
        case .head: .early
        case .body(let scanner, _): scanner.endsWithConnection ? .complete : .truncated
        }
    }

    /// How a client that has received this much of the body can still be told something: see `ChunkedScanner.Seam`.
    package var seam: ChunkedScanner.Seam {
        if case .body(let scanner, _) = state { scanner.seam } else { .none }
    }
}
