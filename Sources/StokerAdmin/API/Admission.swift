import Synchronization

/// Lets at most so many in at once; who comes on top is sent away, not queued.
final class Admission: Sendable {
    private let limit: Int
    private let inside = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// Runs `body` inside, or returns nil at once.
    func admit<Value: Sendable>(_ body: () async -> Value) async -> Value? {
        let isIn = inside.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isIn else { return nil }
        defer { inside.withLock { $0 -= 1 } }
        return await body()
    }
}
