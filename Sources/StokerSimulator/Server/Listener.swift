import NIOCore
import NIOPosix

/// The listening socket of one engine, which a fault may close for a while. Lives on one event loop.
final class Listener {
    private let engine: SimulatedEngine
    private let host: String
    /// The port, also when the kernel chose it.
    private(set) var port: Int
    private var channel: (any Channel)?
    private var isWanted = true
    private var isBinding = false

    init(engine: SimulatedEngine, host: String, port: UInt16) {
        self.engine = engine
        self.host = host
        self.port = Int(port)
    }

    func open() -> EventLoopFuture<Void> {
        let engine = NIOLoopBound(engine, eventLoop: engine.loop)
        let this = NIOLoopBound(self, eventLoop: self.engine.loop)
        return ServerBootstrap(group: self.engine.loop)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(engine: engine.value))
                }
            }
            .bind(host: host, port: port)
            .map { channel in
                this.value.channel = channel
                this.value.port = channel.localAddress?.port ?? this.value.port
            }
    }

    /// Begins what the options ask for beside answers.
    func begin() { engine.beginFaults(port: UInt16(clamping: port)) }

    /// Closes the socket, so that the kernel refuses, or opens it again on the same port.
    func setOpen(_ isOpen: Bool) {
        guard isOpen != isWanted else { return }
        isWanted = isOpen
        if isOpen { reopen() } else { shut() }
    }

    private func shut() {
        channel?.close(promise: nil)
        channel = nil
    }

    private func reopen() {
        guard isWanted, channel == nil, !isBinding else { return }
        isBinding = true
        open().assumeIsolated().whenComplete { result in
            self.isBinding = false
            if case .success = result {
                if !self.isWanted { self.shut() }
                return
            }
            // Somebody took the port meanwhile: he may go.
            self.engine.loop.assumeIsolated().scheduleTask(in: SimulatedEngine.beat) { self.reopen() }
        }
    }
}
