/// Writes the fields of a message one after the other: integers little-endian, texts and lists after their length.
struct WireWriter {
    private(set) var bytes: [UInt8] = [ShimProtocol.version]

    mutating func put(_ value: UInt8) { bytes.append(value) }

    mutating func put<Number: FixedWidthInteger>(_ value: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Number(shift)))
        }
    }

    mutating func put(_ text: String) {
        put(UInt32(clamping: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(_ texts: [String]) {
        put(UInt32(clamping: texts.count))
        for text in texts { put(text) }
    }

    /// A byte that says whether there is a value, then the value.
    mutating func put<Value>(_ value: Value?, _ write: (inout WireWriter, Value) -> Void) {
        put(value == nil ? 0 as UInt8 : 1)
        if let value { write(&self, value) }
    }
}

/// Reads what `WireWriter` wrote. Every read checks the bounds: the other end may be of another build, or not ours.
struct WireReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) throws(WireError) {
        self.bytes = bytes
        let version = try byte()
        guard version == ShimProtocol.version else { throw .version(version) }
    }

    mutating func byte() throws(WireError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(WireError) -> Number {
        var value: Number = 0
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            value |= Number(truncatingIfNeeded: try byte()) << Number(shift)
        }
        return value
    }

    mutating func text() throws(WireError) -> String {
        let count = Int(try number(UInt32.self))
        guard count <= bytes.count - position else { throw .truncated }
        let slice = bytes[position..<position + count]
        guard !slice.contains(0), let text = String(validating: slice, as: UTF8.self) else { throw .text }
        position += count
        return text
    }

    /// A list can hold no more texts than bytes are left, so a forged count cannot make it reserve memory.
    mutating func texts() throws(WireError) -> [String] {
        let count = Int(try number(UInt32.self))
        guard count <= (bytes.count - position) / 4 else { throw .truncated }
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count { texts.append(try text()) }
        return texts
    }

    mutating func optional<Value>(
        _ read: (inout WireReader) throws(WireError) -> Value
    ) throws(WireError) -> Value? {
        switch try byte() {
        case 0: return nil
        case 1: return try read(&self)
        case let other: throw .unknown(field: "optional", value: other)
        }
    }

    /// Every byte must have been read.
    func finish() throws(WireError) {
        guard position == bytes.count else { throw .trailingBytes }
    }
}
