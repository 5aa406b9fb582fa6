extension Shard {
    /// Most processes that share a plan.
    package static let most = 10_000

    /// Reads `2/4`, the second of four: people count from 1.
    package init(text: String, flag: String) throws(LoadError) {
        let typed = Typed(flag: flag, text: text)
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(plain: parts[0]), let count = Int(plain: parts[1]) else {
            throw typed.refused("is no shard (which one of how many)", try: "2/4")
        }
        guard 1...Self.most ~= count, 1...count ~= number else {
            throw typed.refused("is no shard: they count from 1/n to n/n, n at most \(Self.most)", try: "2/4")
        }
        self.init(index: number - 1, count: count)
    }

    /// As `init(text:flag:)` reads it.
    package var text: String { "\(index + 1)/\(count)" }
}
