import NIOCore
import StokerWire

/// Writes events as bytes of the body, each framed as a chunk of its own, as uvicorn does.
///
/// The framing is ours, past NIO's encoder: no object and no string is made for a token.
struct EventWriter {
    /// HTTP/1.0 clients know no chunks, and a body of announced length has none.
    let isChunked: Bool
    let stamps: Bool
    private let end: StaticString

    init(isChunked: Bool, stamps: Bool, kind: AnswerKind) {
        self.isChunked = isChunked
        self.stamps = stamps
        end = kind.isOllama ? "\n" : "\n\n"
    }

    /// One event: head, text and tail are written one after the other, then the stamp and the last brace.
    func write(
        _ head: [UInt8], _ text: String = "", _ tail: [UInt8] = [], at now: Int64, endsLine: Bool = true,
        to buffer: inout ByteBuffer
    ) {
        let escaped = Self.escaped(text)
        let stamp = stamps ? ",\"stoker_sent_ns\":\(now)" : ""
        let lineEnd = endsLine ? end : ""
        if isChunked {
            let size =
                head.count + escaped.utf8.count + tail.count + stamp.utf8.count + 1 + lineEnd.utf8CodeUnitCount
            Self.writeHex(size, to: &buffer)
        }
        buffer.writeBytes(head)
        buffer.writeString(escaped)
        buffer.writeBytes(tail)
        if stamps { buffer.writeString(stamp) }
        buffer.writeInteger(UInt8(ascii: "}"))
        buffer.writeStaticString(lineEnd)
        if isChunked { buffer.writeStaticString("\r\n") }
    }

    /// Bytes that are no event: the end mark.
    func writeRaw(_ text: String, to buffer: inout ByteBuffer) {
        guard !text.isEmpty else { return }
        if isChunked { Self.writeHex(text.utf8.count, to: &buffer) }
        buffer.writeString(text)
        if isChunked { buffer.writeStaticString("\r\n") }
    }

    /// The end of the body.
    func writeEnd(to buffer: inout ByteBuffer) {
        if isChunked { buffer.writeStaticString("0\r\n\r\n") }
    }

    /// Few words of the vocabulary need it, so the others pay for a look and nothing more.
    private static func escaped(_ text: String) -> String {
        for byte in text.utf8 where byte < 0x20 || byte == ASCII.quote || byte == ASCII.backslash {
            return String(JSONText.encode(text).dropFirst().dropLast())
        }
        return text
    }

    private static func writeHex(_ size: Int, to buffer: inout ByteBuffer) {
        var shift = max(0, (63 - size.leadingZeroBitCount) / 4 * 4)
        while shift >= 0 {
            let digit = UInt8((size >> shift) & 15)
            buffer.writeInteger(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
        buffer.writeStaticString("\r\n")
    }
}
