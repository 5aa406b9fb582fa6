import StokerWire

/// Makes request ids: 16 hex digits, no two alike for as long as anybody looks (a permutation of a counter).
struct RequestIDs {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> String {
        HexDigits.text(draw())
    }

    /// The number of the next id.
    mutating func draw() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Whether a client's own id may be used: 1 to 64 bytes of `[A-Za-z0-9._-]`, so that it can stand in any log.
    static func isAcceptable(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count) && id.utf8.allSatisfy { ASCII.unreserved.contains($0) && $0 != 0x7E }
    }
}
