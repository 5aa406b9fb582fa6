import NIOCore
import NIOPosix
import StokerCore
import StokerGateway
import StokerTesting
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An engine of the test's making: a real TCP server that does with each request what the script says.
final class FakeBackend: Sendable {
    /// Called on the connection's event loop for each POST.
    typealias Script = @Sendable (Request, Reply) -> Void

    struct Request: Sendable {
        var head: String
        var body: String
        /// Counts all POSTs of this backend, from 1.
        var number: Int
    }

    let name: String
    let port: Int
    private let shared: Shared
    private let channel: any Channel
    private let held: HeldPort?

    /// What all connections share.
    final class Shared: Sendable {
        struct State {
            var script: Script
            var health: Int
            var requests: [Request] = []
            var replies: [Reply] = []
            var connections: [any Channel] = []
            var accepted = 0
            var isKilled = false
        }
        let state: Mutex<State>
        /// A line for each thing that happens: `accepted`, `request`, `closed`.
        let log = Transcript()

        init(_ script: @escaping Script, health: Int) { state = Mutex(State(script: script, health: health)) }

        func note(_ word: String) { log.append(ByteBuffer(string: word + "\n")) }
    }

    private init(name: String, channel: any Channel, shared: Shared, held: HeldPort?) {
        self.name = name
        self.held = held
        self.channel = channel
        self.shared = shared
        port = channel.localAddress?.port ?? 0
    }

    static func start(
        _ name: String, port: Int = 0, health: Int = 200, _ script: @escaping Script
    ) async throws -> FakeBackend {
        let shared = Shared(script, health: health)
        // Held also after its death: a dead backend's port must not become another test's server.
        let held = port == 0 ? try HeldPort() : nil
        let channel = try await ServerBootstrap(group: TestGroup.shared)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(BackendConnection(shared))
                }
            }
            .bind(host: "127.0.0.1", port: held.map { Int($0.number) } ?? port).get()
        return FakeBackend(name: name, channel: channel, shared: shared, held: held)
    }

    var route: BackendRoute {
        BackendRoute(name: name, address: BackendAddress(host: "127.0.0.1", port: UInt16(port)), inRotation: true)
    }

    var requests: [Request] { shared.state.withLock { $0.requests } }
    var acceptedConnections: Int { shared.state.withLock { $0.accepted } }

    func setScript(_ script: @escaping Script) { shared.state.withLock { $0.script = script } }
    func setHealth(_ status: Int) { shared.state.withLock { $0.health = status } }

    /// The way to answer the request of that number, once it is here: for scripts that leave the answer to the test.
    func reply(_ number: Int = 1) async -> Reply {
        await wait(for: "request", times: number)
        return shared.state.withLock { $0.replies[number - 1] }
    }

    /// Waits until `word` has been noted so often.
    func wait(for word: String, times: Int = 1) async {
        _ = await shared.log.wait { $0.split(separator: "\n").filter { $0 == word }.count >= times }
    }

    /// What `kill -9` does: nothing listens any more, and every connection is cut.
    func kill() async throws {
        let open = shared.state.withLock { state in
            state.isKilled = true
            defer { state.connections = [] }
            return state.connections
        }
        try await channel.close()
        for connection in open { try? await connection.close() }
    }
}

/// Lets a script answer, at once or later.
struct Reply: Sendable {
    fileprivate let channel: any Channel

    func raw(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    func json(_ body: String, status: Int = 200, headers: String = "") {
        raw(
            "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n"
                + body)
    }

    func startStream() {
        raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    func chunk(_ data: String) { raw(String(data.utf8.count, radix: 16) + "\r\n" + data + "\r\n") }

    func endStream() { raw("0\r\n\r\n") }

    func close() { channel.close(promise: nil) }

    /// Closes with a reset instead of an end.
    func reset() {
        let provider = channel as? any SocketOptionProvider
        provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
    }

    func stopReading() { channel.setOption(.autoRead, value: false).whenComplete { _ in } }
}

/// One connection to a fake backend.
private final class BackendConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let shared: FakeBackend.Shared
    private var reader = RequestReader(maxHead: 1 << 20, maxBody: 64 << 20)
    private var head = ""
    private var isPost = false

    init(_ shared: FakeBackend.Shared) { self.shared = shared }

    func channelActive(context: ChannelHandlerContext) {
        let isKilled = shared.state.withLock { state in
            state.accepted += 1
            state.connections.append(context.channel)
            return state.isKilled
        }
        // Accepted by the kernel while the process was dying.
        if isKilled { return context.close(promise: nil) }
        shared.note("accepted")
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.feed(unwrapInboundIn(data))
        while let step = try? reader.next() {
            switch step {
            case .needsMore: return
            case .head(let parsed):
                head = String(buffer: parsed.bytes)
                isPost = parsed.method == .post
            case .complete(let body): answer(String(buffer: body), Reply(channel: context.channel))
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { shared.note("closed") }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ body: String, _ reply: Reply) {
        guard isPost else {
            reply.json("{}", status: shared.state.withLock { $0.health })
            return shared.note("health")
        }
        let (script, request) = shared.state.withLock { state in
            let request = FakeBackend.Request(head: head, body: body, number: state.requests.count + 1)
            state.requests.append(request)
            state.replies.append(reply)
            return (state.script, request)
        }
        script(request, reply)
        shared.note("request")
    }
}
