import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import StokerCore
import StokerSimulator

/// An answer as it came over the wire, the chunked framing taken off.
struct WireAnswer {
    var status: Int
    var headers: HTTPHeaders
    var body: String

    /// The events of a stream, `data: ` and the empty line cut off; nil when a byte is not in that form.
    var events: [String]? {
        var rest = body[...]
        var events: [String] = []
        while !rest.isEmpty {
            guard rest.hasPrefix("data: "), let end = rest.range(of: "\n\n") else { return nil }
            events.append(String(rest[..<end.lowerBound].dropFirst("data: ".count)))
            rest = rest[end.upperBound...]
        }
        return events
    }

    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try Chunk.decoder.decode(type, from: Data(body.utf8))
    }
}

/// One event of a stream, or a whole answer.
struct Chunk: Decodable {
    struct Choice: Decodable {
        struct Message: Decodable {
            let role: String?
            let content: String?
            let reasoningContent: String?
        }

        let text: String?
        let delta: Message?
        let message: Message?
        let finishReason: String?

        var said: String? { text ?? delta?.content ?? message?.content }
    }

    struct Usage: Decodable, Equatable {
        let promptTokens: Int
        let completionTokens: Int
        let totalTokens: Int
    }

    let id: String
    let object: String
    let model: String
    let systemFingerprint: String?
    let choices: [Choice]
    let usage: Usage?
    let stokerSentNs: Int64?

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

/// A client connection that sends one request.
final class LoopbackClient: Sendable {
    private let channel: any Channel
    private let answer: EventLoopFuture<WireAnswer>
    private let firstBytes: EventLoopFuture<Void>

    /// Sends a request. `body` makes it a POST.
    init(
        port: Int, _ path: String, body: String? = nil, headers: [(String, String)] = [], method: HTTPMethod? = nil
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: WireAnswer.self)
        let first = loop.makePromise(of: Void.self)
        channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(AnswerCollector(answer: answer, first: first))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        self.answer = answer.futureResult
        firstBytes = first.futureResult
        let usual: HTTPMethod = body == nil ? .GET : .POST
        var head = HTTPRequestHead(version: .http1_1, method: method ?? usual, uri: path)
        head.headers = HTTPHeaders([("host", "localhost"), ("connection", "close")] + headers)
        if let body { head.headers.add(name: "content-length", value: "\(body.utf8.count)") }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if let body { channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil) }
        try await channel.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
    }

    /// The whole answer; throws when the connection ends before it does.
    func whole() async throws -> WireAnswer { try await answer.get() }

    /// Returns once the answer has begun.
    func begun() async throws { try await firstBytes.get() }

    /// Goes away without waiting.
    func hangUp() async throws { try await channel.close().get() }

    /// Sends a request and waits for the whole answer.
    static func ask(
        _ server: SimulatorServer, _ path: String, _ body: String? = nil, headers: [(String, String)] = [],
        method: HTTPMethod? = nil
    ) async throws -> WireAnswer {
        try await LoopbackClient(port: server.port, path, body: body, headers: headers, method: method).whole()
    }
}

private struct Cut: Error {}

private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<WireAnswer>
    private let first: EventLoopPromise<Void>
    private var collected = WireAnswer(status: 0, headers: [:], body: "")

    init(answer: EventLoopPromise<WireAnswer>, first: EventLoopPromise<Void>) {
        self.answer = answer
        self.first = first
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            collected.status = Int(head.status.code)
            collected.headers = head.headers
        case .body(let bytes):
            collected.body += String(buffer: bytes)
            first.succeed()
        case .end:
            first.succeed()
            answer.succeed(collected)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        first.fail(Cut())
        answer.fail(Cut())
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        first.fail(error)
        answer.fail(error)
    }
}

extension SimulatorOptions {
    /// An engine that answers at once.
    static func quick(
        model: String = "sim", tokens: Int = 16, ttft: Duration = .zero, itl: Duration = .zero,
        startup: Duration = .zero, slots: Int = 0, dialect: SimulatorDialect = .vllm,
        _ change: (inout SimulatorOptions) -> Void = { _ in }
    ) -> SimulatorOptions {
        var options = SimulatorOptions(model: model)
        options.dialect = dialect
        options.firstToken = .constant(ttft)
        options.interval = .constant(itl)
        options.tokens = tokens
        options.startup = startup
        options.slots = slots
        change(&options)
        return options
    }
}

/// Runs a test against a simulator on a port of the kernel's choice.
func withSimulator<Value: Sendable>(
    _ options: SimulatorOptions = .quick(), door: ProcessDoor = .real, _ test: (SimulatorServer) async throws -> Value
) async throws -> Value {
    let server = try await SimulatorServer.start(options, on: Endpoint(host: "127.0.0.1", port: 0), door: door)
    do {
        let value = try await test(server)
        await server.stop()
        return value
    } catch {
        await server.stop()
        throw error
    }
}
