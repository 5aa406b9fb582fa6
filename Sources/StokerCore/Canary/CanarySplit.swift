/// How the requests of one model are divided between its canary and the rest, by client.
///
/// Part of a routing table. The same client always falls on the same side, and one that is on the canary stays there
/// as the share grows: each has a place from 0 to 999 that depends on itself and the salt alone, and those below
/// `permille` belong to the canary.
package struct CanarySplit: Sendable, Hashable, Codable {
    /// Names of the canary's backends.
    package var backends: [String]
    /// The canary's share of the clients, 0 to 1000.
    package var permille: Int
    /// Drawn for each run, lest the same clients are the first every time.
    package var salt: UInt32

    package init(backends: [String], permille: Int, salt: UInt32) {
        self.backends = backends
        self.permille = permille
        self.salt = salt
    }

    /// Whether the requests of a client are the canary's.
    ///
    /// - Parameter client: a hash of whatever tells clients apart; any distribution will do.
    package func sendsToCanary(client: UInt64) -> Bool { Self.place(of: client, salt: salt) < permille }

    /// A number from 0 to 999, evenly spread over clients.
    static func place(of client: UInt64, salt: UInt32) -> Int {
        var mixed = SeededGenerator(seed: client ^ (UInt64(salt) << 32 | UInt64(salt)))
        return Int(((mixed.next() >> 32) * 1000) >> 32)
    }
}
