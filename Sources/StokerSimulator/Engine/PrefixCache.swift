/// The engine's memory of prompts: a new one that begins like an old one need not be read again.
///
/// Blocks of 16 tokens as in vLLM; a block is known by the hash of all text up to its end, the least recently used go.
package struct PrefixCache: Sendable {
    /// Tokens of a block; what is beyond the last whole block is never cached.
    package static let blockSize = 16

    /// Blocks that fit; 0 turns the cache off.
    private let capacity: Int
    /// When each block was last used, and the blocks in that order.
    private var used: [UInt64: UInt64] = [:]
    private var order: [(block: UInt64, use: UInt64)] = []
    /// Where `order` begins; what is before it is gone.
    private var oldest = 0
    private var uses: UInt64 = 0

    package init(tokens: Int) { capacity = max(0, tokens) / Self.blockSize }

    package var cachedTokens: Int { used.count * Self.blockSize }

    /// Takes a prompt in, as its words; returns how many of its tokens were known.
    package mutating func take(_ words: some Sequence<Substring>) -> Int {
        guard capacity > 0 else { return 0 }
        var hash = TextHash()
        var inBlock = 0
        var hits = 0
        var isKnown = true
        for word in words {
            hash.fold(word)
            hash.fold(" ")
            inBlock += 1
            guard inBlock == Self.blockSize else { continue }
            inBlock = 0
            isKnown = isKnown && used[hash.mixed] != nil
            if isKnown { hits += Self.blockSize }
            touch(hash.mixed)
        }
        return hits
    }

    package mutating func clear() {
        used.removeAll()
        order.removeAll()
        oldest = 0
    }

    private mutating func touch(_ block: UInt64) {
        uses += 1
        used[block] = uses
        order.append((block, uses))
        while used.count > capacity, oldest < order.count {
            let (block, use) = order[oldest]
            oldest += 1
            // A later use moved it to the back.
            if used[block] == use { used[block] = nil }
        }
        if order.count > 2 * (capacity + 64) {
            order = order[oldest...].filter { used[$0.block] == $0.use }
            oldest = 0
        }
    }
}
