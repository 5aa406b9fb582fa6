import NIOCore
import StokerCore
import StokerWire

/// Asks a suspect backend's health path once, over a connection of its own.
final class HealthAsk: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// SGLang's `/health` sleeps a second before it answers.
    static let timeout = Duration.seconds(5)
    private static let connectTimeout = Duration.seconds(1)

    private let request: String
    private let done: EventLoopPromise<Void>
    private var reader = ResponseReader()

    private init(request: String, done: EventLoopPromise<Void>) {
        self.request = request
        self.done = done
    }

    /// Succeeds when the backend answers 2xx in time.
    static func start(_ backend: CompiledTable.Backend, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let done = eventLoop.makePromise(of: Void.self)
        let target = backend.route.address.pathPrefix + backend.route.healthPath
        let request = "GET \(target) HTTP/1.1\r\nHost: \(backend.authority)\r\nConnection: close\r\n\r\n"
        Outbound.connect(to: backend, within: connectTimeout, on: eventLoop) { channel in
            try channel.pipeline.syncOperations.addHandler(HealthAsk(request: request, done: done))
        }.whenFailure { done.fail($0) }
        let late = eventLoop.scheduleTask(in: TimeAmount(timeout)) { done.fail(UpstreamError.timeout) }
        done.futureResult.whenComplete { _ in late.cancel() }
        return done.futureResult
    }

    func channelActive(context: ChannelHandlerContext) {
        reader.expectResponse()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
        let channel = context.channel
        done.futureResult.whenComplete { _ in channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.feed(unwrapInboundIn(data))
        do throws(WireFault) {
            guard case .head(let head, _) = try reader.next({ _, _ in }) else { return }
            if (200...299).contains(head.status) {
                done.succeed()
            } else {
                done.fail(UpstreamError.status(head.status))
            }
        } catch {
            done.fail(UpstreamError.malformed(error))
        }
    }

    func channelInactive(context: ChannelHandlerContext) { done.fail(UpstreamError.closed) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { done.fail(error) }
}
