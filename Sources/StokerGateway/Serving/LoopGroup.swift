import Dispatch
import NIOCore
import StokerCore
import StokerHost
import StokerNet
import Synchronization

/// The event loops that serve clients, each with its thread and its `GatewayLoop`.
final class LoopGroup: Sendable {
    private let mailboxes: [Mailbox<GatewayLoop>]
    private let running: ThreadCount

    var count: Int { mailboxes.count }

    /// Starts the threads.
    ///
    /// - Parameter threads: 0 means one per core.
    init(
        threads: Int, table: CompiledTable, metrics: GatewayMetrics, connections: ConnectionCount,
        recent: RecentRequests, notices: NoticeBoard
    ) throws(SystemError) {
        let count = threads > 0 ? threads : System.coreCount
        var made: [Mailbox<GatewayLoop>] = []
        for _ in 0..<count { made.append(try Mailbox()) }
        mailboxes = made
        running = ThreadCount(count)
        for (index, mailbox) in made.enumerated() {
            try OwnThread.start { [running] in
                // A loop without epoll serves nobody; its share of the clients is refused by closing.
                try? GatewayLoop(
                    mailbox, index: index, table: table, metrics: metrics, connections: connections, recent: recent,
                    notices: notices
                ).run()
                running.ended()
            }
        }
    }

    /// Puts a client into the hands of one loop.
    func adopt(_ socket: AcceptedSocket, at index: Int) { mailboxes[index].execute { $0.adopt(socket) } }

    /// Does something on every loop, without waiting.
    func onEach(_ body: @escaping @Sendable (GatewayLoop) -> Void) { for box in mailboxes { box.execute(body) } }

    /// Does something on one loop, without waiting.
    func onFirst(_ body: @escaping @Sendable (GatewayLoop) -> Void) { mailboxes.first?.execute(body) }

    /// What is being served on all loops. Waits for them, a tenth of a second at most: for the private socket only.
    func live() -> [LiveRequest] {
        let shared = Gathering()
        onEach { loop in
            let live = loop.live()
            shared.found.withLock { $0 += live }
            shared.done.signal()
        }
        let deadline = DispatchTime.now() + .milliseconds(100)
        for _ in mailboxes where shared.done.wait(timeout: deadline) == .timedOut { break }
        return shared.found.withLock { $0 }
    }

    /// Asks every loop, and waits for all answers.
    func gather<Answer: Sendable>(_ question: @escaping @Sendable (GatewayLoop) -> Answer) async -> [Answer] {
        var answers: [Answer] = []
        for box in mailboxes {
            let answer = await withCheckedContinuation { continuation in
                box.execute { continuation.resume(returning: question($0)) }
            }
            answers.append(answer)
        }
        return answers
    }

    /// Ends the loops with all their connections, and waits for their threads.
    func stop() async {
        onEach { $0.events.stop() }
        await running.end()
    }
}

/// What several loops bring together for one that waits.
private final class Gathering: Sendable {
    let found = Mutex<[LiveRequest]>([])
    let done = DispatchSemaphore(value: 0)
}

/// Waits for threads to end.
final class ThreadCount: Sendable {
    private struct State {
        var count: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(count: count)) }

    func ended() {
        let waiter = state.withLock { state in
            state.count -= 1
            return state.count == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Returns when all have ended. One waiter at most.
    func end() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.count > 0 { state.waiter = continuation }
                return state.count == 0
            }
            if isOver { continuation.resume() }
        }
    }
}
