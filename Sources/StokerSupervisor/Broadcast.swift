import Synchronization

/// Hands each new value to everybody who listens; who is slow misses values between, never the newest.
final class Broadcast<Value: Sendable>: Sendable {
    private struct State {
        var lastID = 0
        var listeners: [(id: Int, continuation: AsyncStream<Value>.Continuation)] = []
    }

    private let state = Mutex(State())

    /// A new listener's stream; it ends with `finish`.
    func listen(startingWith value: Value) -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield(value)
        let id = state.withLock { state in
            state.lastID += 1
            state.listeners.append((state.lastID, continuation))
            return state.lastID
        }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        return stream
    }

    var hasListeners: Bool { state.withLock { !$0.listeners.isEmpty } }

    func send(_ value: Value) {
        // The list is copied, so that no foreign code runs under the lock.
        for listener in state.withLock({ $0.listeners }) { listener.continuation.yield(value) }
    }

    func finish() {
        for listener in state.withLock({ $0.listeners }) { listener.continuation.finish() }
    }

    private func forget(_ id: Int) {
        state.withLock { $0.listeners.removeAll { $0.id == id } }
    }
}
