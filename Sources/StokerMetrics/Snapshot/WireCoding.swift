/// Why bytes are not a snapshot.
package enum WireError: Error, Equatable, Sendable {
    case notASnapshot
    /// The bytes end inside a value, or claim more than they hold.
    case truncated
    /// A value cannot be: its place in the bytes, and what is wrong.
    case malformed(at: Int, String)
}

/// Appends values in the form that `WireReader` reads: LEB128 numbers, counted UTF-8, little-endian doubles.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(byte: UInt8) { bytes.append(byte) }

    mutating func write(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(count: Int) { write(UInt64(clamping: count)) }

    mutating func write(_ text: String) {
        write(count: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ number: Double) {
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Reads values and never beyond the end; a count is believed only as far as bytes for it remain.
struct WireReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    mutating func byte() throws(WireError) -> UInt8 {
        guard remaining > 0 else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(WireError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            // The tenth byte holds the last bit of 64.
            guard shift < 63 || next <= 1 else { throw .malformed(at: position, "number above 64 bits") }
            result |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return result }
            shift += 7
        }
    }

    /// A number of things that each take at least one byte, so that a lie cannot make us allocate.
    mutating func count() throws(WireError) -> Int {
        guard let count = Int(exactly: try number()), count <= remaining else { throw .truncated }
        return count
    }

    mutating func text() throws(WireError) -> String {
        let length = try count()
        defer { position += length }
        guard let text = String(validating: bytes[position..<position + length], as: UTF8.self) else {
            throw .malformed(at: position, "text is not UTF-8")
        }
        return text
    }

    mutating func double() throws(WireError) -> Double {
        guard remaining >= 8 else { throw .truncated }
        defer { position += 8 }
        let pattern = bytes[position..<position + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(bitPattern: pattern)
    }

    mutating func list<Element>(
        _ element: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        var elements: [Element] = []
        for _ in 0..<(try count()) { elements.append(try element(&self)) }
        return elements
    }
}
