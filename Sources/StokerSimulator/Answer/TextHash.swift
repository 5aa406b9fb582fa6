/// FNV-1a over the bytes of a text: equal on every machine and in every process, unlike Swift's seeded `Hasher`.
struct TextHash: Equatable {
    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func fold(_ text: some StringProtocol) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    /// The bits well mixed (splitmix64's finalizer): FNV's low bits alone follow the last byte too closely.
    var mixed: UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
