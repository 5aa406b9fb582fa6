import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The private socket of the control plane: HTTP/1.1 over a unix socket of mode 0600. Rare and small requests, so
/// NIOHTTP1 serves; the hot path has its own parser.
enum ControlSocket {
    static func listen(
        on path: String, _ routes: ControlRoutes, group: MultiThreadedEventLoopGroup
    ) async throws -> any Channel {
        // Bound beside its place and moved there with the right mode, so that no client ever meets it open to others.
        // Not by umask: that is the whole process's, and whatever else makes a file meanwhile would lose its own mode.
        let provisional = path + ".new"
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: true)
                    try channel.pipeline.syncOperations.addHandler(ControlHandler(routes: routes))
                }
            }
            .bind(unixDomainSocketPath: provisional, cleanupExistingSocketFile: true).get()
        guard chmod(provisional, 0o600) == 0, rename(provisional, path) == 0 else {
            let error = IOError(errnoCode: errno, reason: "cannot place the socket at \(path)")
            try? await channel.close()
            throw error
        }
        return channel
    }
}

/// Gathers one request and writes its answer.
private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// A table of a thousand backends is a tenth of it.
    private static let maxBody = 4 << 20

    private let routes: ControlRoutes
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(routes: ControlRoutes) { self.routes = routes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.removeAll()
        case .body(let bytes):
            guard body.count + bytes.readableBytes <= Self.maxBody else { return context.close(promise: nil) }
            body.append(contentsOf: bytes.readableBytesView)
        case .end:
            guard let head else { return }
            write(routes.answer(method: head.method.rawValue, path: head.uri, body: body), to: head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func write(_ answer: ControlRoutes.Answer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: answer.contentType)
        headers.add(name: "Content-Length", value: "\(answer.body.count)")
        let status = HTTPResponseStatus(statusCode: answer.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        let done = context.eventLoop.makePromise(of: Void.self)
        if !request.isKeepAlive {
            let channel = context.channel
            done.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
    }
}
