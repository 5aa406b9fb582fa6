import NIOCore
import StokerWire

/// What a backend is told of where a request comes from.
struct RequestOrigin {
    var id: String
    /// `X-Forwarded-For` and `X-Forwarded-Proto` as header lines.
    var forwarded: String
    var trace: TraceParent
}

/// The place of a request in a distributed trace (W3C Trace Context, `traceparent`): the client's trace, or a new one
/// that nobody samples.
struct TraceParent {
    /// `00-` and the trace's id, as the client wrote them; nil for a new trace.
    private var clients: String?
    /// The client's two digits behind the parent's id.
    private var flags = "00"
    private let parts: (UInt64, UInt64, UInt64)

    /// - Parameters:
    ///   - value: the client's own, used when it is valid.
    ///   - draw: random numbers for what is new: the parent's id always.
    init(_ value: String?, draw: () -> UInt64) {
        parts = (draw() | 1, draw(), draw() | 1)
        guard let value, Self.isValid(value.utf8) else { return }
        clients = String(value.prefix(35))
        flags = String(value.suffix(2))
    }

    /// Whether the client has named the trace.
    var isClients: Bool { clients != nil }

    func write(into out: inout ByteBuffer) {
        if let clients {
            out.writeString(clients)
        } else {
            out.writeStaticString("00-")
            HexDigits.write(parts.0, into: &out)
            HexDigits.write(parts.1, into: &out)
        }
        out.writeStaticString("-")
        HexDigits.write(parts.2, into: &out)
        out.writeStaticString("-")
        out.writeString(flags)
    }

    /// Version 00 to the letter: lower-case digits, ids that are not zero.
    private static func isValid(_ text: String.UTF8View) -> Bool {
        let bytes = Array(text)
        guard bytes.count == 55, bytes[0] == 0x30, bytes[1] == 0x30 else { return false }
        for (index, byte) in bytes.enumerated() {
            let isDash = index == 2 || index == 35 || index == 52
            let isDigit = ASCII.isDigit(byte) || (0x61...0x66).contains(byte)
            guard isDash ? byte == 0x2D : isDigit else { return false }
        }
        return bytes[3..<35].contains { $0 != 0x30 } && bytes[36..<52].contains { $0 != 0x30 }
    }
}
