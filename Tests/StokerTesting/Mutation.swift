package import StokerCore

extension SeededGenerator {
    /// Bytes that mean something to a reader of HTTP or JSON.
    private static let telling = Array("\r\n\r\n: \t\0;,0f\"\\{}[]\u{7F}".utf8) + [0x80, 0xFF]

    /// Changes, removes, doubles or adds a byte, mostly one that means something; or cuts a stretch out.
    package mutating func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: bytes.indices, using: &self)
        let byte = Self.telling.randomElement(using: &self) ?? 0
        switch next() % 6 {
        case 0: bytes[place] = byte
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[place], at: place)
        case 3: bytes[place] = UInt8.random(in: 0...255, using: &self)
        case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &self)))
        default: bytes.insert(byte, at: place)
        }
    }

    /// Cuts bytes into pieces of 1 to `longest`; joined they are the same.
    package mutating func pieces(of bytes: [UInt8], longest: Int) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...longest, using: &self))
            pieces.append(bytes[start..<end])
            start = end
        }
        return pieces
    }

    /// Several ways to cut the same bytes: whole, single bytes, seeded pieces short and long.
    package mutating func cuts(of bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
        [
            [bytes[...]], bytes.indices.map { bytes[$0...$0] }, pieces(of: bytes, longest: 4),
            pieces(of: bytes, longest: 40),
        ]
    }

    /// That many random letters, digits and signs that may stand anywhere.
    package mutating func word(_ lengths: ClosedRange<Int>) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.")
        return String(
            (0..<Int.random(in: lengths, using: &self)).map { _ in letters.randomElement(using: &self) ?? "a" })
    }
}
