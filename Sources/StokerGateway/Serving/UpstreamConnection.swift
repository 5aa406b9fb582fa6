import NIOCore
import NIOPosix
import StokerCore
import StokerWire

/// One connection to a backend; carries one request at a time. Confined to its event loop.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let cell: BackendCell
    private let loop: GatewayLoop
    private var context: ChannelHandlerContext?
    private var reader = ResponseReader()
    /// Who waits for the response; nil while idle.
    private var owner: Forwarding?
    private var pending: [ByteBuffer] = []
    private var served = 0
    private var isParked = false
    private var isReading = true

    /// Whether it has carried a request before: a failure may then mean only that it was stale.
    var isReused: Bool { served > 1 }

    init(_ cell: BackendCell, loop: GatewayLoop) {
        self.cell = cell
        self.loop = loop
    }

    // MARK: What the owner calls

    /// Opens the connection and sends the request as soon as it stands; failures are reported to the owner.
    func open(
        to backend: CompiledTable.Backend, within timeout: Duration, for owner: Forwarding,
        sending request: [ByteBuffer]
    ) {
        self.owner = owner
        pending = request
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        Outbound.connect(to: backend, within: timeout, on: loop.eventLoop) { channel in
            try channel.pipeline.syncOperations.addHandler(bound.value)
        }.assumeIsolated().whenFailure { error in
            self.detach()?.upstream(self, failed: UpstreamError.connectFailure(error))
        }
    }

    /// Sends a request over a connection taken from the pool.
    func send(_ request: [ByteBuffer], for owner: Forwarding) {
        self.owner = owner
        isParked = false
        pending = request
        if let context { sendPending(context) }
    }

    /// Stops or starts reading, so that a slow client slows the backend down.
    func setReading(_ reads: Bool) {
        guard reads != isReading, let channel = context?.channel else { return }
        isReading = reads
        // Fails only on a closed channel, which reads nothing anyway.
        try? channel.syncOptions?.setOption(.autoRead, value: reads)
    }

    /// What an error event can be added to, should the response break off now.
    var seam: ChunkedScanner.Seam { reader.seam }

    /// Closes at once: the backend notices, and stops working for nobody.
    func close() {
        owner = nil
        context?.close(promise: nil)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        guard owner != nil else { return context.close(promise: nil) }
        sendPending(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.feed(unwrapInboundIn(data))
        do throws(WireFault) {
            while owner != nil {
                let step = try reader.next { bytes, range in owner?.meter(bytes, range) }
                if !deliver(step) { break }
            }
        } catch {
            fail(.malformed(error), context)
        }
        // Bytes that nobody asked for: an answer to a request that was never sent.
        if isParked, reader.hasInput { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { owner?.upstreamPausedReading() }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        loop.forget(self)
        guard let owner = detach() else { return }
        switch reader.ending {
        case .complete:
            owner.upstreamEnded(self, reusable: false)
            owner.upstreamPausedReading()
        case .truncated: owner.upstream(self, failed: .truncated)
        case .idle, .early: owner.upstream(self, failed: .closedEarly)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Details

    private func sendPending(_ context: ChannelHandlerContext) {
        served += 1
        reader.expectResponse()
        for buffer in pending { context.write(wrapOutboundOut(buffer), promise: nil) }
        pending.removeAll(keepingCapacity: true)
        context.flush()
    }

    /// Hands one step to the owner; returns whether there may be another.
    private func deliver(_ step: ResponseReader.Step) -> Bool {
        switch step {
        case .needsMore: return false
        case .head(let head, let bytes): owner?.upstream(self, head: head, bytes: bytes)
        case .body(let bytes): owner?.upstream(self, body: bytes)
        case .end(let reusable):
            let owner = detach()
            if reusable {
                isParked = true
                setReading(true)
                loop.park(self)
            } else {
                context?.close(promise: nil)
            }
            owner?.upstreamEnded(self, reusable: reusable)
            owner?.upstreamPausedReading()
            return false
        }
        return true
    }

    private func fail(_ failure: AttemptFailure, _ context: ChannelHandlerContext) {
        let owner = detach()
        context.close(promise: nil)
        owner?.upstream(self, failed: failure)
    }

    private func detach() -> Forwarding? {
        defer { owner = nil }
        return owner
    }
}

/// Opens connections to backends.
enum Outbound {
    static func connect(
        to backend: CompiledTable.Backend, within timeout: Duration, on eventLoop: any EventLoop,
        handlers: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(timeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try handlers(channel) } }
        if let address = backend.address { return bootstrap.connect(to: address) }
        return bootstrap.connect(host: backend.route.address.host, port: Int(backend.route.address.port))
    }
}
