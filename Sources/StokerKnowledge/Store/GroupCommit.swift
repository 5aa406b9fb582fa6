import ServiceLifecycle
import StokerCore
import Synchronization

/// Gathers the writes of all clients into common transactions.
///
/// A durable transaction costs a wait for the disk, whatever its size; while one is under way the next writes gather
/// and go together. Alone a write waits for one disk flush, among a thousand it shares one.
package final class GroupCommit: Service {
    private struct Pending {
        var request: WriteRequest
        var bytes: Int
        var done: CheckedContinuation<Result<WriteReceipt, KnowledgeError>, Never>
    }

    private struct Queue {
        var pending: [Pending] = []
        var bytes = 0
        var isClosed = false
        /// The loop in `run`, while it waits for work.
        var idle: CheckedContinuation<Void, Never>?
    }

    /// Most requests of one transaction: bounds how long the first of them waits.
    private static let largestGroup = 512

    private let store: KnowledgeStore
    private let limits: KnowledgeLimits
    private let queue = Mutex(Queue())

    package init(store: KnowledgeStore, limits: KnowledgeLimits) {
        self.store = store
        self.limits = limits
    }

    /// How many changes wait for the next transaction.
    package var queuedWrites: Int { queue.withLock { $0.pending.count } }

    /// Returns once the change is on the disk.
    ///
    /// - Throws: `overloaded` when too much waits, `closing` after the end has begun, `storage` when the disk fails.
    package func submit(_ request: WriteRequest) async throws(KnowledgeError) -> WriteReceipt {
        let bytes = request.bytes
        let result = await withCheckedContinuation { done in
            let wake = queue.withLock { queue in
                enqueue(Pending(request: request, bytes: bytes, done: done), in: &queue)
            }
            wake?.resume()
        }
        return try result.get()
    }

    /// Returns the sleeper to wake. A refused request is answered here.
    private func enqueue(_ pending: Pending, in queue: inout Queue) -> CheckedContinuation<Void, Never>? {
        if let refusal = refusal(of: pending, queue) {
            pending.done.resume(returning: .failure(refusal))
            return nil
        }
        queue.pending.append(pending)
        queue.bytes += pending.bytes
        defer { queue.idle = nil }
        return queue.idle
    }

    private func refusal(of pending: Pending, _ queue: Queue) -> KnowledgeError? {
        if queue.isClosed { return KnowledgeError(.closing, "the service is ending; nothing was stored") }
        // A single write larger than the bound may still pass an empty queue: the bound on bodies holds for it.
        let isFull =
            queue.pending.count >= limits.maxQueuedWrites
            || (queue.bytes > 0 && queue.bytes + pending.bytes > limits.maxQueuedBytes.bytes)
        guard isFull else { return nil }
        return KnowledgeError(.overloaded, "\(queue.pending.count) writes wait for the disk; try again in a second")
    }

    /// Commits groups until the service is to end and the queue is empty.
    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            while let group = await nextGroup() {
                let results = await store.commit(group.map(\.request))
                for (pending, result) in zip(group, results) { pending.done.resume(returning: result) }
            }
        } onCancelOrGracefulShutdown: {
            self.close()
        }
    }

    private func close() {
        let wake = queue.withLock { queue in
            queue.isClosed = true
            defer { queue.idle = nil }
            return queue.idle
        }
        wake?.resume()
    }

    /// Waits for work; nil when there is none and none will come.
    private func nextGroup() async -> [Pending]? {
        await withCheckedContinuation { idle in
            let isReady = queue.withLock { queue in
                guard queue.pending.isEmpty, !queue.isClosed else { return true }
                queue.idle = idle
                return false
            }
            if isReady { idle.resume() }
        }
        return queue.withLock { Self.takeGroup(from: &$0) }
    }

    private static func takeGroup(from queue: inout Queue) -> [Pending]? {
        guard !queue.pending.isEmpty else { return nil }
        let group = Array(queue.pending.prefix(largestGroup))
        queue.pending.removeFirst(group.count)
        queue.bytes -= group.reduce(0) { $0 + $1.bytes }
        return group
    }
}
