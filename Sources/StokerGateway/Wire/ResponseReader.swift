package import NIOCore
package import StokerWire

/// Cuts a backend's bytes into one response at a time. Pure, like `RequestReader`, but bodies are not gathered: each
/// step says where in the bytes at hand the data lies, chunk framing left out.
package struct ResponseReader: Sendable {
    package enum Step: Sendable {
        case needsMore
        /// A head, and the bytes that it was read from.
        case head(ResponseHead, ByteBuffer)
        /// Data of the body, as a place in the bytes that were given.
        case data(Range<Int>)
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
    /// What is kept for the next head.
    private static let keptStorage = 4 << 10

    /// The latest head: its storage serves again once nobody looks at it any more.
    private var latest = ByteBuffer()
    /// A head that is not whole yet.
    private var partial = ByteBuffer()

    package init() {}

    /// A request has been sent: its response comes next.
    package mutating func expectResponse() { state = .head(HeadFinder(), interims: 0) }

    /// The next step in the bytes from `index` on, which moves past it. After `needsMore` and after `end` nothing more
    /// is to be had of these bytes.
    package mutating func next(_ bytes: borrowing Span<UInt8>, at index: inout Int) throws(WireFault) -> Step {
        switch state {
        case .idle:
            if index < bytes.count { throw .unexpectedInterim }
            return .needsMore
        case .head(let finder, let interims): return try nextHead(finder, interims, bytes, at: &index)
        case .body(var scanner, let keepsAlive):
            if let stretch = try scanner.next(bytes, at: &index) {
                state = .body(scanner, keepsAlive: keepsAlive)
                return .data(stretch)
            }
            state = .body(scanner, keepsAlive: keepsAlive)
            guard scanner.isDone else { return .needsMore }
            state = .idle
            return .end(reusable: keepsAlive && index == bytes.count)
        }
    }

    private mutating func nextHead(
        _ before: HeadFinder, _ interims: Int, _ bytes: borrowing Span<UInt8>, at index: inout Int
    ) throws(WireFault) -> Step {
        var finder = before
        guard let head = try wholeHead(&finder, bytes, at: &index) else {
            state = .head(finder, interims: interims)
            return .needsMore
        }
        let parsed = try ResponseHead.parse(head.readableBytesUInt8Span)
        guard !parsed.isInterim else {
            // 101 would turn the connection into something else, and nobody asked for it.
            guard parsed.status != 101, interims < Self.maxInterims else { throw .unexpectedInterim }
            return try nextHead(HeadFinder(), interims + 1, bytes, at: &index)
        }
        state = .body(BodyScanner(parsed.framing), keepsAlive: parsed.keepsAlive)
        return .head(parsed, head)
    }

    /// The head's bytes, nil while they are not all there.
    private mutating func wholeHead(
        _ finder: inout HeadFinder, _ bytes: borrowing Span<UInt8>, at index: inout Int
    ) throws(WireFault) -> ByteBuffer? {
        let known = partial.readableBytes
        let rest = bytes.extracting(index..<bytes.count)
        if known == 0, let end = try finder.end(in: rest, limit: Self.maxHead) {
            // Nearly always the head comes whole, and is copied once.
            index &+= end
            if latest.storageCapacity > Self.keptStorage { latest = ByteBuffer() }
            latest.clear(minimumCapacity: end)
            latest.writeBytes(rest.extracting(0..<end).bytes)
            return latest
        }
        partial.writeBytes(rest.bytes)
        guard known > 0, let end = try finder.end(in: partial.readableBytesUInt8Span, limit: Self.maxHead) else {
            index = bytes.count
            return nil
        }
        index &+= end &- known
        defer { partial = ByteBuffer() }
        return partial.readSlice(length: end)
    }

    /// What it means if the backend closes the connection now.
    package var ending: Ending {
        switch state {
        case .idle: .idle
        case .head: .early
        case .body(let scanner, _): scanner.isDone || scanner.endsWithConnection ? .complete : .truncated
        }
    }
}
