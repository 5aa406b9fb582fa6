/// A fast hash for choosing among backends, equal in every process and release: a gateway that is replaced sends a
/// conversation to where its prefix is cached. Not for secrets, nor against an attacker: whoever finds a collision
/// shares a backend.
package struct PrefixHash: Sendable {
    @usableFromInline var state: UInt64

    @inlinable
    package init(seed: UInt64 = 0) { state = seed ^ 0x9E37_79B9_7F4A_7C15 }

    /// Takes bytes in; where they are cut into calls makes a difference.
    @inlinable
    package mutating func add(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        var hash = state
        bytes.extracting(range).withUnsafeBytes { raw in
            var index = 0
            while index &+ 8 <= raw.count {
                let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                hash = Self.mix(hash, UInt64(littleEndian: word))
                index &+= 8
            }
            var rest = UInt64(raw.count)
            while index < raw.count {
                rest = rest &<< 8 | UInt64(raw[index])
                index &+= 1
            }
            hash = Self.mix(hash, rest)
        }
        state = hash
    }

    @inlinable
    package mutating func add(_ word: UInt64) { state = Self.mix(state, word) }

    /// The hash of what was taken in.
    @inlinable package var value: UInt64 { state }

    /// Of one text.
    package static func of(_ text: String) -> UInt64 {
        var hash = PrefixHash()
        let bytes = Array(text.utf8)
        hash.add(bytes.span, 0..<bytes.count)
        return hash.value
    }

    /// Both halves of a product depend on every bit of its factors (as in wyhash).
    @inlinable
    package static func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = (one ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: other ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
