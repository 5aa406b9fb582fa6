import Dispatch
import NIOCore
import NIOPosix
import StokerCore
import Synchronization

/// The event loops that serve clients, each with its `GatewayLoop`.
struct LoopGroup: Sendable {
    let group: MultiThreadedEventLoopGroup
    private let loops: [NIOLoopBound<GatewayLoop>]

    /// Starts the threads.
    ///
    /// - Parameter threads: 0 means one per core.
    static func start(
        threads: Int, table: CompiledTable, metrics: GatewayMetrics, recent: RecentRequests
    ) async throws -> LoopGroup {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads > 0 ? threads : System.coreCount)
        var loops: [NIOLoopBound<GatewayLoop>] = []
        for (index, eventLoop) in group.makeIterator().enumerated() {
            let bound = try await eventLoop.submit {
                let loop = GatewayLoop(
                    eventLoop: eventLoop, index: index, table: table, metrics: metrics, recent: recent)
                loop.scheduleTick()
                return NIOLoopBound(loop, eventLoop: eventLoop)
            }.get()
            loops.append(bound)
        }
        return LoopGroup(group: group, loops: loops)
    }

    /// Puts a client's channel into the hands of its loop. Called on that loop.
    func adopt(_ channel: any Channel) throws {
        guard let bound = loops.first(where: { $0.eventLoop === channel.eventLoop }) else { return }
        try channel.pipeline.syncOperations.addHandler(ClientConnection(loop: bound.value))
    }

    /// Does something on every loop, without waiting.
    func onEach(_ body: @escaping @Sendable (GatewayLoop) -> Void) {
        for bound in loops { bound.execute { body($0) } }
    }

    /// Does something on one loop, without waiting.
    func onFirst(_ body: @escaping @Sendable (GatewayLoop) -> Void) { loops.first?.execute { body($0) } }

    /// What is being served on all loops. Waits for them, a tenth of a second at most: for the private socket only.
    func live() -> [LiveRequest] {
        let shared = Gathering()
        for bound in loops {
            bound.execute { loop in
                let live = loop.live()
                shared.found.withLock { $0 += live }
                shared.done.signal()
            }
        }
        let deadline = DispatchTime.now() + .milliseconds(100)
        for _ in loops where shared.done.wait(timeout: deadline) == .timedOut { break }
        return shared.found.withLock { $0 }
    }

    /// Whether no loop has a client left.
    func areEmpty() async -> Bool {
        for bound in loops {
            let hasClients = try? await bound.eventLoop.submit { bound.value.hasClients }.get()
            if hasClients ?? false { return false }
        }
        return true
    }
}

extension NIOLoopBound<GatewayLoop> {
    /// Runs `body` on the loop.
    fileprivate func execute(_ body: @escaping @Sendable (GatewayLoop) -> Void) {
        eventLoop.execute { body(value) }
    }
}

/// What several loops bring together for one that waits.
private final class Gathering: Sendable {
    let found = Mutex<[LiveRequest]>([])
    let done = DispatchSemaphore(value: 0)
}
