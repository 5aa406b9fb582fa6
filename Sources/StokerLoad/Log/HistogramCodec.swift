internal import FoundationEssentials
internal import StokerMetrics

/// HdrHistogram's V2 encoding: what its tools in every language read and write.
///
/// Counts by slot as ZigZag LEB128 numbers, a negative one standing for so many zeros; a header before them; all of it
/// packed by zlib behind another header; that in Base64. Numbers of the headers are big-endian.
package enum HistogramCodec {
    private static let cookie: UInt32 = 0x1C84_9303
    private static let packedCookie: UInt32 = 0x1C84_9304
    /// The cookies' second last digit is a word size, which V2 does not use; all writers say 1.
    private static let wordSize: UInt32 = 0x10
    private static let headerLength = 40
    /// Every slot counted, in nine bytes each.
    private static let limit = headerLength + 9 * HDRLayout.slotCount

    /// The histogram in Base64; nil only when there is no memory to pack it.
    package static func text(of histogram: LatencyHistogram) -> String? {
        guard let packed = Zlib.packed(plain(histogram)) else { return nil }
        var bytes: [UInt8] = []
        append(packedCookie | wordSize, to: &bytes)
        append(UInt32(packed.count), to: &bytes)
        return Data(bytes + packed).base64EncodedString()
    }

    /// Reads what `text(of:)` or another writer wrote.
    ///
    /// - Throws: when it is damaged, too large, or of another resolution than ours.
    package static func histogram(of text: some StringProtocol) throws(LoadError) -> LatencyHistogram {
        try histogram(of: text, exact: nil)
    }

    static func histogram(
        of text: some StringProtocol, exact: LatencyHistogram.Exact?
    ) throws(LoadError) -> LatencyHistogram {
        guard text.utf8.count <= 2 * limit, let data = Data(base64Encoded: String(text)) else {
            throw LoadError("a histogram is not Base64")
        }
        let bytes = [UInt8](data)
        guard number(bytes, at: 0, UInt32.self).map({ $0 & ~0xF0 }) == packedCookie,
            let length = number(bytes, at: 4, UInt32.self), Int(length) == bytes.count - 8,
            let plain = Zlib.unpacked(Array(bytes[8...]), limit: limit)
        else { throw LoadError("a histogram is damaged, or not in HdrHistogram's compressed V2 encoding") }
        return LatencyHistogram(counts: try counts(plain), exact: exact)
    }

    private static func plain(_ histogram: LatencyHistogram) -> [UInt8] {
        var counts: [UInt8] = []
        var zeros = Int64(histogram.firstSlot)
        for count in histogram.slots {
            guard count > 0 else {
                zeros += 1
                continue
            }
            if zeros > 0 { append(zigzag: -zeros, to: &counts) }
            zeros = 0
            append(zigzag: Int64(count), to: &counts)
        }
        var bytes: [UInt8] = []
        append(cookie | wordSize, to: &bytes)
        append(UInt32(counts.count), to: &bytes)
        append(UInt32(0), to: &bytes)
        append(UInt32(HDRLayout.digits), to: &bytes)
        append(UInt64(1), to: &bytes)
        append(HDRLayout.highestValue, to: &bytes)
        append(Double(1).bitPattern, to: &bytes)
        return bytes + counts
    }

    private static func counts(_ plain: [UInt8]) throws(LoadError) -> [(slot: Int, count: UInt32)] {
        guard number(plain, at: 0, UInt32.self).map({ $0 & ~0xF0 }) == cookie,
            let length = number(plain, at: 4, UInt32.self), Int(length) == plain.count - headerLength,
            number(plain, at: 8, UInt32.self) == 0
        else { throw LoadError("a histogram is damaged, or not in HdrHistogram's V2 encoding") }
        guard number(plain, at: 12, UInt32.self) == UInt32(HDRLayout.digits), number(plain, at: 16, UInt64.self) == 1
        else { throw LoadError("a histogram has another resolution than three digits from 1 µs") }
        var counts: [(slot: Int, count: UInt32)] = []
        var slot = 0
        var index = headerLength
        while index < plain.count {
            guard let value = zigzag(plain, &index), value >= -Int64(HDRLayout.slotCount) else {
                throw LoadError("a histogram's counts are damaged")
            }
            if value > 0 { counts.append((slot, UInt32(clamping: value))) }
            slot += value < 0 ? Int(-value) : 1
            guard slot <= HDRLayout.slotCount else { throw LoadError("a histogram has values beyond an hour") }
        }
        return counts
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number<Value: FixedWidthInteger>(_ bytes: [UInt8], at start: Int, _: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard start + size <= bytes.count else { return nil }
        return bytes[start..<start + size].reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }

    private static func append(zigzag value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        // The ninth byte holds eight bits and has no successor.
        for _ in 0..<8 where rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func zigzag(_ bytes: [UInt8], _ index: inout Int) -> Int64? {
        var value: UInt64 = 0
        for place in 0..<9 {
            guard index < bytes.count else { return nil }
            let byte = UInt64(bytes[index])
            index += 1
            guard place < 8, byte & 0x80 != 0 else {
                value |= byte << UInt64(7 * place)
                break
            }
            value |= (byte & 0x7F) << UInt64(7 * place)
        }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
