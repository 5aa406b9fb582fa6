package import NIOCore
import StokerWire

/// Cuts a client's bytes into requests. Pure: bytes in, steps out; the same steps however the bytes were split.
package struct RequestReader: Sendable {
    package enum Step: Sendable {
        /// Feed it more.
        case needsMore
        /// A head is there, its body not yet: the moment to refuse early or to say `100 Continue`.
        case head(RequestHead)
        /// The body of the request whose head came before, chunked coding removed.
        case complete(body: ByteBuffer)
    }

    private enum State {
        case head(HeadFinder)
        case length(Int)
        case chunked(ChunkedScanner)
    }

    /// What is kept for the next request.
    private static let keptStorage = 4 << 10

    private var state = State.head(HeadFinder())
    private var input = ByteBuffer()
    /// The body so far, chunked coding removed. Not in the state: with a second owner, each write would copy it whole.
    private var collected = ByteBuffer()
    /// Bytes of the largest head and the largest body.
    package var maxHead: Int
    package var maxBody: Int

    package init(maxHead: Int, maxBody: Int) {
        self.maxHead = maxHead
        self.maxBody = maxBody
    }

    /// Bytes that have come and are not yet part of a returned step.
    package var buffered: Int { input.readableBytes }

    /// Whether the client stands between two requests, with nothing of the next one here.
    package var isBetweenRequests: Bool {
        if case .head = state { input.readableBytes == 0 } else { false }
    }

    /// Whether a body is being read.
    package var isInBody: Bool {
        if case .head = state { false } else { true }
    }

    /// Takes what came from the client.
    package mutating func feed(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// Takes what came from the client, from bytes that are gone afterwards.
    package mutating func feed(_ bytes: borrowing Span<UInt8>) {
        // Takes a fresh one where slices of the last request are in use.
        if input.readableBytes == 0 { input.clear(minimumCapacity: bytes.count) }
        input.writeBytes(bytes.bytes)
    }

    /// The next step; after a throw the connection must be closed, because where the next request starts is unknown.
    package mutating func next() throws(RequestFault) -> Step {
        switch state {
        case .head(let finder): return try nextHead(finder)
        case .length(let length):
            guard let body = input.readSlice(length: length) else { return .needsMore }
            return complete(body)
        case .chunked(let scanner): return try nextChunks(scanner)
        }
    }

    private mutating func nextHead(_ before: HeadFinder) throws(RequestFault) -> Step {
        var finder = before
        let end: Int?
        do throws(WireFault) {
            end = try finder.end(in: input.readableBytesUInt8Span, limit: maxHead)
        } catch .headTooLarge {
            throw .headTooLarge
        } catch {
            throw .malformed(error)
        }
        guard let end, let bytes = input.readSlice(length: end) else {
            state = .head(finder)
            return .needsMore
        }
        let head = try RequestHead.parse(bytes)
        switch head.framing {
        case .none, .untilClose: state = .length(0)
        case .length(let length):
            guard length <= maxBody else { throw .bodyTooLarge }
            state = .length(length)
        case .chunked: state = .chunked(ChunkedScanner())
        }
        try head.checkExpectation()
        return .head(head)
    }

    private mutating func nextChunks(_ before: ChunkedScanner) throws(RequestFault) -> Step {
        var scanner = before
        var end = 0
        let present = input
        let bytes = present.readableBytesUInt8Span
        do throws(WireFault) {
            while let data = try scanner.next(bytes, at: &end) { collected.writeBytes(bytes.extracting(data).bytes) }
        } catch {
            throw .malformed(error)
        }
        input.moveReaderIndex(forwardBy: end)
        guard collected.readableBytes <= maxBody else { throw .bodyTooLarge }
        state = .chunked(scanner)
        guard scanner.isDone else { return .needsMore }
        let body = collected
        collected = ByteBuffer()
        return complete(body)
    }

    private mutating func complete(_ body: ByteBuffer) -> Step {
        state = .head(HeadFinder())
        // Nobody who is idle keeps more than a usual request takes.
        if input.readableBytes == 0, input.storageCapacity > Self.keptStorage { input = ByteBuffer() }
        return .complete(body: body)
    }
}
