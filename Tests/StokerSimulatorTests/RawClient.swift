import Glibc
import NIOCore
import NIOPosix
import StokerSimulator

/// What came over a bare connection until the other side ended it.
struct RawAnswer: Sendable {
    var text: String
    /// The end was RST, not FIN.
    var wasReset = false
}

/// Sends bytes and collects all that comes until the other side ends the connection.
func rawExchange(_ server: SimulatorServer, _ bytes: String, hangsUp: Bool = false) async throws -> RawAnswer {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let promise = loop.makePromise(of: RawAnswer.self)
    let connecting = ClientBootstrap(group: loop)
        .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ByteCollector(promise))
            }
        }
        .connect(host: "127.0.0.1", port: server.port)
    // A peer may reset so early that the connection never seems to stand.
    guard let channel = try? await connecting.get() else {
        let answer = RawAnswer(text: "", wasReset: true)
        promise.succeed(answer)
        return answer
    }
    // A peer that resets at once may be faster than the write.
    try? await channel.writeAndFlush(ByteBuffer(string: bytes)).get()
    if hangsUp { try await channel.close().get() }
    return try await promise.futureResult.get()
}

private final class ByteCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<RawAnswer>
    private var bytes = ByteBuffer()
    private var wasReset = false

    init(_ promise: EventLoopPromise<RawAnswer>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        bytes.writeBuffer(&part)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(RawAnswer(text: String(buffer: bytes), wasReset: wasReset))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        wasReset = (error as? IOError)?.errnoCode == ECONNRESET
        context.close(promise: nil)
    }
}

/// A POST in bytes.
func rawPost(_ path: String, _ body: String, version: String = "1.1", headers: String = "") -> String {
    "POST \(path) HTTP/\(version)\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}
