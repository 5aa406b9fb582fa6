import NIOCore

/// Writes strings as JSON; an encoder object per token would cost more than all the rest.
enum JSONText {
    /// The string with quotes around it.
    static func quoted(_ text: String) -> String {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(ascii: "\""))
        writeEscaped(text, to: &buffer)
        buffer.writeInteger(UInt8(ascii: "\""))
        return String(buffer: buffer)
    }

    /// The inside of a JSON string: `"`, `\` and control characters escaped, all else as it is.
    static func writeEscaped(_ text: String, to buffer: inout ByteBuffer) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
            case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
            case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                buffer.writeString("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: buffer.writeInteger(byte)
            }
        }
    }
}
