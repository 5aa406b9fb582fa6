internal import StokerCore

/// A long text of random words, of which prompts are cut: copying a stretch costs a hundredth of drawing its words.
struct WordPool: Sendable {
    /// 65,536 words are about 340 kB.
    static let length = 1 << 16
    /// This many words at the beginning of each made-up text are its own, not cut: 64 bits, a byte each.
    static let ownWords = 8

    private let bytes: [UInt8]
    /// Where each word begins, and where the last ends.
    private let starts: [UInt32]

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed, .words)
        var bytes: [UInt8] = []
        var starts: [UInt32] = [0]
        bytes.reserveCapacity(Self.length * 6)
        starts.reserveCapacity(Self.length + 1)
        for _ in 0..<Self.length {
            bytes.append(contentsOf: Words.all[Int(generator.next() >> 56)])
            starts.append(UInt32(bytes.count))
        }
        self.bytes = bytes
        self.starts = starts
    }

    /// Appends so many words, each with a space before; the first few say `own`, the rest is a stretch from anywhere.
    func append(_ count: Int, own: UInt64, using generator: inout SeededGenerator, to text: inout [UInt8]) {
        let first = min(max(0, count), Self.ownWords)
        Self.spell(own, first, to: &text)
        var rest = count - first
        while rest > 0 {
            let begin = Int(generator.next() >> 48)
            let end = min(begin + rest, Self.length)
            text.append(contentsOf: bytes[Int(starts[begin])..<Int(starts[end])])
            rest -= end - begin
        }
    }

    /// Spells a number in words, at most eight of them.
    static func spell(_ number: UInt64, _ count: Int = ownWords, to text: inout [UInt8]) {
        for index in 0..<count {
            text.append(contentsOf: Words.all[Int(truncatingIfNeeded: number >> (8 * UInt64(index))) & 0xFF])
        }
    }
}
