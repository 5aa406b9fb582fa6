import FoundationEssentials
import Glibc
import NIOCore
import StokerMetrics
import StokerWire

/// One client connection: reads requests, routes them, writes what their answers say. Lives on one event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let engine: SimulatedEngine
    private var context: ChannelHandlerContext?
    private var reader = RequestReader()
    /// What is being answered.
    private var request: SimulatedRequest?
    private var run: AnswerRun?
    /// An answer is on its way: the next request waits in the reader.
    private var isBusy = false
    private var isServing = false
    private var isClosing = false

    /// Most that a client may send ahead of the answers.
    private static let mostAhead = SimulatorOptions.maxBody + (1 << 20)

    init(engine: SimulatedEngine) { self.engine = engine }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        engine.ledger.connectionsAccepted += 1
        engine.ledger.connectionsOpen += 1
        if !engine.board.isEmpty, engine.board.strikeConnection() { hangUp(withReset: true) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        engine.ledger.connectionsOpen -= 1
        isClosing = true
        run?.abort()
        run = nil
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { run?.resume() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.feed(unwrapInboundIn(data))
        if isBusy, reader.buffered > Self.mostAhead { return context.close(promise: nil) }
        serve()
    }

    /// Answers what has come, one after the other.
    private func serve() {
        guard !isServing else { return }
        isServing = true
        defer { isServing = false }
        do throws(WireFault) {
            while !isBusy, !isClosing {
                switch try reader.next() {
                case .needsMore: return
                case .expectsContinue: write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
                case .request(let request):
                    isBusy = true
                    self.request = request
                    route(request)
                }
            }
        } catch {
            request = nil
            reply(400, "{\"error\":\(JSONText.encode("malformed request: \(error.rawValue)"))}")
        }
    }

    // MARK: - Routing

    private func route(_ request: SimulatedRequest) {
        let route = Route.of(request.method, request.path, engine.options.dialect)
        if case .simulator(let path) = route {
            let (status, json) = ControlPages.answer(path, request, engine)
            return reply(status, String(decoding: json, as: UTF8.self))
        }
        // Stays busy for ever: the client may wait as long as it likes.
        guard !engine.isMute else { return }
        switch route {
        case .ping: replyPing()
        case .metrics: replyWithMetrics(accept: request.accept)
        case .version: reply(200, engine.pages.version)
        case .health, .generatedHealth: replyHealth(route)
        case .greeting: reply(200, "Ollama is running", contentType: "text/plain; charset=utf-8")
        case .unknown, .wrongMethod: refuse(route)
        case _ where engine.isLoading && !engine.options.dialect.waitsForLoading:
            refuse(.loading(engine.options.dialect))
        case .readiness: replyHealth(.readiness)
        case .models: reply(200, engine.pages.models)
        case .tags: reply(200, engine.pages.tags)
        case .modelInfo: reply(200, engine.pages.modelInfo)
        case .props: reply(200, engine.pages.props(slots: engine.options.slots))
        case .slots: reply(200, engine.pages.slots(engine.options.slots, running: engine.runningCount))
        case .answer(let kind): answer(kind, request)
        case .simulator: break
        }
    }

    /// As FastAPI, hence vLLM, refuses; and as the others do.
    private func refuse(_ route: Route) {
        switch (engine.options.dialect, route) {
        case (.llamaCpp, _): refuse(Refusal(.notFound, "File Not Found"))
        case (.ollama, .wrongMethod): reply(405, "405 method not allowed", contentType: "text/plain")
        case (.ollama, _): reply(404, "404 page not found", contentType: "text/plain")
        case (_, .wrongMethod): reply(405, #"{"detail":"Method Not Allowed"}"#)
        default: reply(404, #"{"detail":"Not Found"}"#)
        }
    }

    private func answer(_ kind: AnswerKind, _ request: SimulatedRequest) {
        let received = Pacer.now
        let id = engine.ledger.begin()
        do throws(Refusal) {
            guard !request.isTooLarge else {
                throw Refusal(.tooLarge, "the body is larger than \(SimulatorOptions.maxBody) bytes")
            }
            let fault = try fault(of: request)
            let asked = try AskedAnswer(
                kind, json: Data(request.body.readableBytesView), options: engine.options,
                salt: fault?.kind == .diverge ? "another model" : "")
            if let fault,
                let instant = InstantReply.of(
                    fault, engine.options.dialect, isStreamed: asked.isStreamed, native: kind.isOllama)
            {
                engine.ledger.end(Ledger.Record(id: id, received: received, ended: Pacer.now, outcome: .fault))
                return reply(instant)
            }
            let run = AnswerRun(asked, id: id, received: received, fault: fault, engine: engine, connection: self)
            self.run = run
            guard engine.enter(run) else {
                self.run = nil
                throw .queueFull(engine.options.dialect)
            }
        } catch {
            engine.ledger.end(Ledger.Record(id: id, received: received, ended: Pacer.now, outcome: .refused))
            refuse(error, native: kind.isOllama)
        }
    }

    /// The fault that the request asks for, or the one whose turn it is.
    private func fault(of request: SimulatedRequest) throws(Refusal) -> Fault? {
        if let text = request.fault {
            do throws(FaultError) {
                let fault = try FaultFields(text: text).fault()
                guard fault.kind.scope == .answer || fault.kind == .hang else {
                    throw FaultError(message: "'\(fault.kind.rawValue)' is no fault of one answer")
                }
                return fault
            } catch {
                throw Refusal(.badRequest, "X-Simulator-Fault: \(error.message)")
            }
        }
        return engine.board.isEmpty ? nil : engine.board.strikeAnswer()
    }

    private func replyHealth(_ route: Route) {
        let (status, delay) = engine.health(route)
        guard delay > 0 else { return replyHealth(status) }
        engine.loop.assumeIsolated().scheduleTask(in: .nanoseconds(delay)) { [weak self] in
            self?.replyHealth(status)
        }
    }

    private func replyHealth(_ status: Int) {
        guard engine.options.dialect == .llamaCpp else { return reply(status, "") }
        if status == 200 { reply(200, #"{"status":"ok"}"#) } else { refuse(.loading(.llamaCpp)) }
    }

    private func replyWithMetrics(accept: String?) {
        let choice = ExpositionChoice(accept: accept)
        reply(200, String(decoding: engine.metricsPage(choice.format), as: UTF8.self), contentType: choice.contentType)
    }

    private func refuse(_ refusal: Refusal, native: Bool = false) {
        reply(refusal.status, refusal.json(engine.options.dialect, native: native))
    }
}

// MARK: - Writing

extension ConnectionHandler {
    /// false: the client does not keep up, or is gone.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// An HTTP/1.0 client knows no chunks: its stream ends with the connection.
    var takesChunks: Bool { request?.isHTTP10 != true }

    func allocate(_ capacity: Int) -> ByteBuffer {
        context?.channel.allocator.buffer(capacity: capacity) ?? ByteBuffer()
    }

    /// Bytes of the answer, framed already.
    func write(_ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0 else { return }
        context?.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Status and headers, sent before the first token as vLLM does: a 200 says nothing yet.
    func beginStream(_ kind: AnswerKind, announced: Int?) {
        let framing =
            announced.map { "Content-Length: \($0)\r\n" } ?? (takesChunks ? "Transfer-Encoding: chunked\r\n" : "")
        let type = kind.isOllama ? "application/x-ndjson" : "text/event-stream; charset=utf-8"
        write(ByteBuffer(string: head(200, type, framing)))
    }

    /// The whole answer has been written.
    func endAnswer(mustClose: Bool = false) {
        run = nil
        guard let request, request.keepsAlive, !mustClose else { return hangUp(withReset: false) }
        isBusy = false
        serve()
    }

    /// A whole answer; `announced` is a wrong Content-Length, after which nobody can tell where the next one begins.
    func reply(
        _ status: Int, _ body: String, contentType: String = "application/json", headers: String = "",
        announced: Int? = nil
    ) {
        let length = announced ?? body.utf8.count
        var buffer = allocate(body.utf8.count + 256)
        buffer.writeString(head(status, contentType, "Content-Length: \(length)\r\n" + headers))
        if request?.method != "HEAD" { buffer.writeString(body) }
        write(buffer)
        endAnswer(mustClose: announced != nil)
    }

    /// The beginning of a whole answer that never ends.
    func replyPart(_ part: String, of length: Int) {
        write(ByteBuffer(string: head(200, "application/json", "Content-Length: \(length)\r\n") + part))
    }

    private func reply(_ instant: InstantReply) {
        guard let garbage = instant.garbage else {
            return reply(
                instant.status, instant.body, contentType: instant.contentType, headers: instant.headers)
        }
        write(ByteBuffer(bytes: garbage))
        hangUp(withReset: false)
    }

    /// The cheapest answer: for whoever measures what the server and his client can do at most.
    private func replyPing() {
        guard request?.keepsAlive == true else { return reply(200, "") }
        write(Self.pong)
        endAnswer()
    }

    private static let pong = ByteBuffer(
        string: "HTTP/1.1 200 OK\r\nServer: stoker-simulator\r\nContent-Length: 0\r\n\r\n")

    /// Ends the connection once all is written; with a reset the client's kernel says so instead of an end.
    func hangUp(withReset: Bool) {
        isClosing = true
        guard let context else { return }
        let channel = context.channel
        // Closing drops what the socket has not taken yet: an empty write is through when all before it are.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            if withReset, let options = channel as? any SocketOptionProvider {
                // What lingers for no time is dropped, and the peer gets RST.
                options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
            }
            channel.close(promise: nil)
        }
    }

    private func head(_ status: Int, _ contentType: String, _ lines: String) -> String {
        let closes = request?.keepsAlive == true ? "" : "Connection: close\r\n"
        return "HTTP/1.1 \(status) \(Self.reason(status))\r\nServer: stoker-simulator\r\n"
            + "Content-Type: \(contentType)\r\n\(lines)\(closes)\r\n"
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 302: "Found"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 413: "Payload Too Large"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Simulated"
        }
    }
}
