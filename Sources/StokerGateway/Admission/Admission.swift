import StokerCore
import StokerNet
import Synchronization

/// Where the requests of one model wait until a backend has room; shared by all event loops, and outlives the tables
/// that name the model.
///
/// A request that finds nobody waiting and a free slot never comes here: it reads one atomic number. Whoever frees a
/// slot reads the same number. So the lock is taken only while somebody waits.
///
/// Nobody is forgotten: who comes counts itself first and looks for room afterwards, who frees a slot does so first and
/// looks for somebody who waits afterwards, and all four are sequentially consistent, so that one of the two sees the
/// other. Room that comes by other ways (a table, a backend that is back) is looked for at once, too, and every 100 ms.
package final class Admission: Sendable {
    /// A waiting request, as its loop knows it.
    struct Waiter: Sendable {
        let loop: Mailbox<GatewayLoop>
        let number: Int
    }

    typealias Queue = AdmissionQueue<Waiter>

    /// Of the model.
    package let name: String
    private let pending = Atomic(0)
    private let requests = Atomic<UInt64>(0)
    private let queue: Mutex<Queue>
    private let budget: Mutex<RetryBudget>

    init(_ model: ModelRoute) {
        name = model.name
        queue = Mutex(
            Queue(size: model.queue.size, wait: model.queue.wait, seed: .random(in: .min ... .max)))
        budget = Mutex(RetryBudget(at: .zero))
    }

    /// Whether a request may take a slot without passing others.
    var isIdle: Bool { pending.load(ordering: .sequentiallyConsistent) == 0 }

    /// How many wait.
    package var depth: Int { max(0, pending.load(ordering: .relaxed)) }

    /// Holds from now on.
    func bound(_ plan: QueuePlan) { queue.withLock { $0.bound(size: plan.size, wait: plan.wait) } }

    // MARK: Retries

    /// A request has come: a tenth of a retry.
    func count() { requests.wrappingAdd(1, ordering: .relaxed) }

    /// Whether a request may be sent again because of what an engine answered.
    func mayRetry(at now: Duration) -> Bool {
        let requests = requests.load(ordering: .relaxed)
        return budget.withLock { $0.take(requests: requests, at: now) }
    }

    // MARK: The line

    /// A request that found no room.
    func enter(_ waiter: Waiter, client: UInt64, deadline: Duration, at now: Duration) -> Queue.Entry {
        use { $0.enqueue(waiter, client: client, deadline: deadline, at: now) }
    }

    /// A request that was called and found the slot taken.
    func putBack(_ waiter: Waiter, deadline: Duration, at now: Duration) -> Queue.Ticket {
        use { $0.putBack(waiter, deadline: deadline, at: now) }
    }

    /// A request that was called has its slot, or has gone meanwhile.
    func settle(at now: Duration) { use { $0.settle(at: now) } }

    /// A client has left. Its request may have been called already: then it is not there when its loop hears of it.
    func leave(_ ticket: Queue.Ticket, at now: Duration) { use { _ = $0.remove(ticket, at: now) } }

    /// Calls as many as there is room for, and gives up on those whose time is over.
    ///
    /// - Parameters:
    ///   - room: free slots.
    ///   - hasEnded: whether one has just come free.
    func advance(at now: Duration, room: Int, hasEnded: Bool) {
        let called = use { queue in
            if hasEnded { queue.ended(at: now) }
            queue.expire(at: now)
            var called: [Waiter] = []
            while queue.unsettled < room, let next = queue.next(at: now) { called.append(next) }
            return called
        }
        for waiter in called { waiter.loop.execute { [self] in $0.called(waiter.number, by: self) } }
    }

    /// Does something with the line, and tells those who lost by it.
    private func use<Result: Sendable>(_ body: (inout Queue) -> Result) -> Result {
        let (result, lost) = queue.withLock { queue in
            let result = body(&queue)
            pending.store(queue.pending, ordering: .sequentiallyConsistent)
            return (result, queue.takeLost())
        }
        for one in lost {
            let (number, reason, retryAfter) = (one.waiter.number, one.reason, one.retryAfter)
            one.waiter.loop.execute { $0.turnedAway(number, reason, retryAfter: retryAfter) }
        }
        return result
    }
}
