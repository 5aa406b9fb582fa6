import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A tiny HTTP server that behaves as the path says, on a port of the kernel's choice or a unix socket.
final class TestServer: Sendable {
    enum Sight: Sendable, Equatable {
        case accepted
        case closed
    }

    let channel: any Channel
    let connections: Connections
    /// Each connection as it comes and goes.
    let sights: AsyncStream<Sight>

    /// How many connections were accepted so far.
    final class Connections: Sendable {
        private let value = Atomic<Int>(0)
        var count: Int { value.load(ordering: .relaxed) }
        func add() { value.add(1, ordering: .relaxed) }
    }

    private init(channel: any Channel, connections: Connections, sights: AsyncStream<Sight>) {
        self.channel = channel
        self.connections = connections
        self.sights = sights
    }

    var port: UInt16 { UInt16(channel.localAddress?.port ?? 0) }
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Runs `body` with a server and stops it afterwards.
    @discardableResult
    static func with<Value: Sendable>(
        unixSocket: String? = nil, _ body: @Sendable (TestServer) async throws -> Value
    ) async throws -> Value {
        let connections = Connections()
        let (sights, sight) = AsyncStream.makeStream(of: Sight.self)
        // A loop of its own: what one test makes its server do must not delay another's, whose subject is time.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connections.add()
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(Behaviour(sight: sight))
                }
            }
        let channel =
            if let unixSocket {
                try await bootstrap.bind(unixDomainSocketPath: unixSocket, cleanupExistingSocketFile: true).get()
            } else {
                try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            }
        let value: Value
        do {
            value = try await body(TestServer(channel: channel, connections: connections, sights: sights))
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
        return value
    }

    /// Runs `body` with a server that says `words` to whoever connects, whatever is asked, and closes.
    static func saying<Value: Sendable>(
        _ words: String, _ body: @Sendable (_ port: UInt16) async throws -> Value
    ) async throws -> Value {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Parrot(words: words))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let value: Value
        do {
            value = try await body(UInt16(channel.localAddress?.port ?? 0))
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
        return value
    }

    /// Waits until `count` such sights were seen.
    func wait(for sight: Sight, count: Int = 1) async {
        var left = count
        for await seen in sights where seen == sight {
            left -= 1
            if left == 0 { return }
        }
    }
}

/// Answers the first bytes with fixed words and closes.
private final class Parrot: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let words: String

    init(words: String) { self.words = words }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: words)), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// What the path makes the server do; an unknown path answers nothing at all.
private final class Behaviour: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let sight: AsyncStream<TestServer.Sight>.Continuation
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(sight: AsyncStream<TestServer.Sight>.Continuation) { self.sight = sight }

    func channelActive(context: ChannelHandlerContext) { sight.yield(.accepted) }
    func channelInactive(context: ChannelHandlerContext) { sight.yield(.closed) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
        case .body(var buffer): body.writeBuffer(&buffer)
        case .end: if let head { answer(head, context) }
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let parts = head.uri.split(separator: "/").map(String.init)
        let number = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        switch parts.first {
        case "status": respond(context, .init(statusCode: number), "status \(number)")
        case "slow":
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(Int64(number))) {
                let (handler, context) = loopBound.value
                handler.respond(context, .ok, "late")
            }
        case "large": respond(context, .ok, String(repeating: "x", count: number))
        case "echo":
            let type = head.headers.first(name: "content-type") ?? "-"
            let expect = head.headers.first(name: "expect") ?? "-"
            let length = head.headers.first(name: "content-length") ?? "-"
            respond(
                context, .ok,
                "\(head.method.rawValue) type=\(type) expect=\(expect) length=\(length) \(String(buffer: body))")
        case "stall":
            writeHead(context, .ok, [("Content-Length", "1000")])
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "begun")))), promise: nil)
        case "hangup": context.close(promise: nil)
        case "redirect": respond(context, .found, "", extra: [("Location", "/status/200")])
        case "headers": respond(context, .ok, "", extra: [("X-Two", "a"), ("X-Two", " b ")])
        case "swollen":
            respond(context, .ok, "", extra: (0..<number).map { ("X-\($0)", String(repeating: "y", count: 1024)) })
        default: break
        }
    }

    private func writeHead(
        _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ fields: [(String, String)]
    ) {
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: HTTPHeaders(fields))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func respond(
        _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ text: String,
        extra: [(String, String)] = []
    ) {
        writeHead(context, status, [("Content-Length", "\(text.utf8.count)")] + extra)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
