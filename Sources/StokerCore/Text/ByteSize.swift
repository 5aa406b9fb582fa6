/// A number of bytes, written `64MiB` in the config and in reports.
package struct ByteSize: Hashable, Sendable, Comparable, Codable {
    /// The size in bytes, never negative.
    package var bytes: Int64

    package init(bytes: Int64) { self.bytes = max(0, bytes) }

    package init(from decoder: any Decoder) throws {
        self.init(bytes: try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }

    package static func kibibytes(_ count: Int64) -> ByteSize { ByteSize(bytes: count << 10) }
    package static func mebibytes(_ count: Int64) -> ByteSize { ByteSize(bytes: count << 20) }

    /// Reads `512B`, `64KiB`, `64MiB`, `2GiB` or `1TiB`; decimal units are refused, they differ by 7 % and nobody sees
    /// it.
    package init?(text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let count = Int64(digits) else { return nil }
        let shift: Int64
        switch text.dropFirst(digits.count) {
        case "B": shift = 0
        case "KiB": shift = 10
        case "MiB": shift = 20
        case "GiB": shift = 30
        case "TiB": shift = 40
        default: return nil
        }
        guard count <= Int64.max >> shift else { return nil }
        self.init(bytes: count << shift)
    }

    /// The shortest text that `init(text:)` reads back as the same size.
    package var text: String {
        for (suffix, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] as [(String, Int64)]
        where bytes != 0 && bytes & ((1 << shift) - 1) == 0 {
            return "\(bytes >> shift)\(suffix)"
        }
        return "\(bytes)B"
    }

    package static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }
}
