import NIOCore
import StokerWire

/// A backend's answer on its way to the client: what is held back, how it is framed, what it counts.
final class RelayedAnswer {
    let head: ResponseHead
    /// What `head` was read from: its fields are places in here.
    let headBytes: ByteBuffer
    let framing: ClientFraming
    /// When the first byte went to the client.
    var committedAt: Duration?
    /// Whether the stretch that is coming has body data in it.
    private(set) var hasNewData = false
    private var held = ByteBuffer()
    private var meter = AnswerMeter()
    /// Body data without chunk framing, gathered for a client that knows no chunks.
    private var unframed: ByteBuffer?

    init(_ head: ResponseHead, bytes: ByteBuffer, clientIsHTTP10: Bool) {
        self.head = head
        headBytes = bytes
        framing = ClientFraming(head.framing, clientIsHTTP10: clientIsHTTP10)
        if framing == .raw, head.framing == .chunked { unframed = ByteBuffer() }
    }

    var usage: TokenUsage? { meter.usage }
    /// Events of a stream so far.
    var outputEvents: Int { meter.events }

    /// Sees a stretch of body data.
    func take(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        hasNewData = true
        if head.isEventStream { meter.takeEvents(bytes, range) }
        unframed?.writeBytes(bytes.extracting(range).bytes)
    }

    /// What of a stretch as the backend sent it is for the client.
    func stretch(_ body: ByteBuffer) -> ByteBuffer {
        hasNewData = false
        guard let data = unframed else { return body }
        unframed = ByteBuffer()
        return data
    }

    /// Puts a chunk of our own around bytes that come without framing.
    func frame(_ bytes: inout ByteBuffer) {
        guard framing == .rechunked else { return }
        var chunk = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 16)
        MessageWriter.chunkStart(bytes.readableBytes, into: &chunk)
        chunk.writeImmutableBuffer(bytes)
        chunk.writeStaticString("\r\n")
        bytes = chunk
    }

    func hold(_ bytes: ByteBuffer) {
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.writeImmutableBuffer(bytes)
        }
    }

    func takeHeld() -> ByteBuffer {
        defer { held = ByteBuffer() }
        return held
    }

    /// Looks for token counts in an answer that is whole.
    func meterHeld() {
        guard !head.isEventStream, held.readableBytes > 0 else { return }
        let document = held
        meter.takeDocument(document.readableBytesUInt8Span, 0..<document.readableBytes)
    }

    /// An error event that the client can still read, nil where the framing allows nothing more.
    ///
    /// The body stays unfinished on purpose: the missing last chunk tells every client that the answer is not whole.
    func errorEvent(_ error: GatewayError, at seam: ChunkedScanner.Seam) -> ByteBuffer? {
        guard head.isEventStream else { return nil }
        // An unfinished line or event must not swallow ours.
        let text = (meter.isAtLineStart ? "\n" : "\n\n") + "data: \(error.json)\n\n"
        var out = ByteBuffer()
        switch (framing, seam) {
        case (.plain, _), (.chunked, .none): return nil
        case (.raw, _), (.chunked, .data): out.writeString(text)
        case (.chunked, .lineEnd(let missing)):
            out.writeString(missing)
            writeChunk(text, into: &out)
        case (.chunked, .chunk), (.rechunked, _): writeChunk(text, into: &out)
        }
        return out
    }

    private func writeChunk(_ text: String, into out: inout ByteBuffer) {
        MessageWriter.chunkStart(text.utf8.count, into: &out)
        out.writeString(text)
        out.writeStaticString("\r\n")
    }
}
