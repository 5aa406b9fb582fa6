import NIOCore
import StokerMetrics
import Synchronization

/// Sits on the listening channel: counts the client connections, and stops accepting at the limit, which is none before
/// the first table. Who comes then waits in the kernel's backlog instead of getting a connection that nobody serves, or
/// from a gateway that has just started the answer that no model exists.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    private let limit: ConnectionLimit
    private let gauge: Gauge
    private var open = 0
    private var isHolding = false

    init(limit: ConnectionLimit, gauge: Gauge) {
        self.limit = limit
        self.gauge = gauge
    }

    func read(context: ChannelHandlerContext) {
        isHolding = open >= limit.value
        if !isHolding { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        gauge.set(open)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (gate, context) = bound.value
            gate.closed(context)
        }
        context.fireChannelRead(data)
    }

    private func closed(_ context: ChannelHandlerContext) {
        open -= 1
        gauge.set(open)
        guard isHolding, open < limit.value else { return }
        isHolding = false
        context.read()
    }
}

/// The most client connections at once; a new table may change it.
final class ConnectionLimit: Sendable {
    private let cell: Atomic<Int>

    init(_ value: Int) { cell = Atomic(value) }

    var value: Int {
        get { cell.load(ordering: .relaxed) }
        set { cell.store(max(1, newValue), ordering: .relaxed) }
    }
}
