import Foundation
import NIOCore
import NIOHTTP1
import StokerMetrics

/// One client connection: reads requests, routes them, writes what their answers say. Lives on one event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let engine: SimulatedEngine
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var bodyIsTooLarge = false
    /// The answer that is on its way; HTTP/1.1 pipelining is kept off by NIO's handler before this one.
    private var run: AnswerRun?

    init(engine: SimulatedEngine) { self.engine = engine }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelInactive(context: ChannelHandlerContext) {
        run?.abort()
        run = nil
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { run?.resume() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
            bodyIsTooLarge = false
        case .body(var part):
            bodyIsTooLarge = bodyIsTooLarge || body.readableBytes + part.readableBytes > SimulatorOptions.maxBody
            if !bodyIsTooLarge { body.writeBuffer(&part) }
        case .end:
            guard let head else { return }
            route(head)
        }
    }

    // MARK: - Routing

    private func route(_ head: HTTPRequestHead) {
        let path = head.uri.prefix { $0 != "?" }
        switch (head.method, path) {
        case (.GET, "/metrics"): replyWithMetrics(accept: head.headers["accept"].first)
        case (.GET, "/version"): reply(.ok, text: #"{"version":"stoker-simulator"}"#)
        case (.GET, "/health") where engine.isLoading: reply(.serviceUnavailable, text: "")
        case (.GET, "/health"), (.GET, "/ping"), (.POST, "/ping"): reply(.ok, text: "")
        case (_, _) where engine.isLoading:
            refuse(Refusal(.unavailable, "the simulator is still \"loading\" (--startup)"))
        case (.GET, "/v1/models"): reply(.ok, text: models)
        case (.POST, "/v1/chat/completions"): answer(.chat)
        case (.POST, "/v1/completions"): answer(.text)
        default: refuse(path)
        }
    }

    /// As FastAPI, hence vLLM, refuses.
    private func refuse(_ path: Substring) {
        let known = [
            "/metrics", "/version", "/health", "/ping", "/v1/models", "/v1/chat/completions", "/v1/completions",
        ]
        if known.contains(String(path)) {
            reply(.methodNotAllowed, text: #"{"detail":"Method Not Allowed"}"#)
        } else {
            reply(.notFound, text: #"{"detail":"Not Found"}"#)
        }
    }

    private func answer(_ kind: CompletionKind) {
        do throws(Refusal) {
            guard !bodyIsTooLarge else {
                throw Refusal(.tooLarge, "the body is larger than \(SimulatorOptions.maxBody) bytes")
            }
            let asked = try AskedAnswer(kind, json: Data(body.readableBytesView), options: engine.options)
            let run = AnswerRun(asked, engine: engine, connection: self)
            self.run = run
            engine.enter(run)
        } catch {
            refuse(error)
        }
    }

    private var models: String {
        #"{"object":"list","data":[{"id":\#(JSONText.quoted(engine.options.model)),"object":"model","#
            + #""created":\#(engine.created),"owned_by":"stoker-simulator","max_model_len":\#(SimulatorOptions.maxTokens)}]}"#
    }

    // MARK: - Writing

    /// false: the client does not keep up, or is gone.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func allocate(_ capacity: Int) -> ByteBuffer {
        context?.channel.allocator.buffer(capacity: capacity) ?? ByteBuffer()
    }

    /// Status and headers, sent before the first token as vLLM does: a 200 says nothing yet.
    func beginStream() {
        writeHead(.ok, contentType: "text/event-stream; charset=utf-8", length: nil)
        context?.flush()
    }

    func write(_ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0 else { return }
        context?.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    }

    func endStream() {
        run = nil
        guard let context else { return }
        let closes = head?.isKeepAlive == false
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        let channel = context.channel
        if closes { written.futureResult.whenComplete { _ in channel.close(promise: nil) } }
    }

    /// A whole answer in JSON.
    func reply(json body: ByteBuffer) { writeWhole(.ok, body, contentType: "application/json") }

    private func reply(_ status: HTTPResponseStatus, text: String) {
        writeWhole(status, ByteBuffer(string: text), contentType: "application/json")
    }

    private func refuse(_ refusal: Refusal) {
        reply(HTTPResponseStatus(statusCode: refusal.status.rawValue), text: refusal.json)
    }

    private func replyWithMetrics(accept: String?) {
        let choice = ExpositionChoice(accept: accept)
        let page = ByteBuffer(bytes: engine.metrics.exposition(choice.format))
        writeWhole(.ok, page, contentType: choice.contentType)
    }

    private func writeWhole(_ status: HTTPResponseStatus, _ body: ByteBuffer, contentType: String) {
        writeHead(status, contentType: contentType, length: body.readableBytes)
        if body.readableBytes > 0 { context?.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        endStream()
    }

    private func writeHead(_ status: HTTPResponseStatus, contentType: String, length: Int?) {
        var headers = HTTPHeaders()
        headers.add(name: "Server", value: "stoker-simulator")
        headers.add(name: "Content-Type", value: contentType)
        if let length { headers.add(name: "Content-Length", value: "\(length)") }
        if head?.isKeepAlive == false { headers.add(name: "Connection", value: "close") }
        // An HTTP/1.0 client knows no chunks; NIO frames the body by the version.
        let head = HTTPResponseHead(version: self.head?.version ?? .http1_1, status: status, headers: headers)
        context?.write(wrapOutboundOut(.head(head)), promise: nil)
    }
}
