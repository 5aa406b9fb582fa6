import NIOCore
import StokerCore
import StokerNet
import StokerWire

/// One request in the hands of backends: carries out what its `Exchange` decides. Confined to the client's loop.
final class Forwarding {
    /// A request that is whole and has a model.
    struct Request {
        var order: Dispatch.Order
        var head: RequestHead
        var origin: RequestOrigin
        /// When its first byte came.
        var startedAt: Duration
    }

    private struct Attempt {
        /// nil once its response is whole and the connection serves others.
        var upstream: UpstreamConnection?
        var backend: CompiledTable.Backend
        var startedAt: Duration
        /// The same as `SocketLoop.nanoseconds`.
        var startedNanoseconds: Int64
    }

    /// The answer of the present attempt.
    private struct Answer {
        var head: ResponseHead
        /// What `head` was read from: its fields are places in here.
        var headBytes: ByteBuffer
        /// Of an answer that is no stream of ours, what the client has not got yet.
        var held = ByteBuffer()
        /// How it reaches the client, once that is settled.
        var framing: ClientFraming?
    }

    /// Knows this request only while it lasts, so the two do not keep each other alive.
    private let client: ClientConnection
    private let loop: GatewayLoop
    /// The table that the request began with; a newer one is for newer requests.
    private let table: CompiledTable
    private let request: Request
    private var exchange: Exchange
    private var attempt: Attempt?
    private var lastFailure: AttemptFailure?
    private var answer: Answer?
    /// The stream that the client asked for, across all backends that have a part in it.
    private var relay: StreamRelay?
    /// When the first event, or the first byte of another answer, went to the client.
    private var committedAt: Duration?
    private var isOver = false
    private var hasFled = false

    private var model: CompiledTable.Model { request.order.model }

    init(_ request: Request, for client: ClientConnection, on loop: GatewayLoop) {
        self.request = request
        self.client = client
        self.loop = loop
        table = loop.table
        let model = request.order.model
        exchange = Exchange(
            request.order.wish, deadlines: model.route.deadlines, maxSeams: request.order.maxSeams,
            keepAlive: table.limits.keepAliveComments, startedAt: request.startedAt)
        if request.order.wish == .eventStream { relay = StreamRelay() }
    }

    /// Whether the client has a status line.
    var hasHead: Bool { exchange.hasHead }
    var clientIsHTTP10: Bool { request.head.isHTTP10 }

    // MARK: What the client connection says

    func start() { handle(.begin) }

    func tick(_ now: Duration) {
        handle(.tick)
        watchForFreeze()
        client.flush()
    }

    /// Leaves a backend that is silent and does not even answer for its health. Once: where the second is silent too,
    /// the request itself may be what keeps them busy.
    private func watchForFreeze() {
        guard !isOver, !hasFled, let attempt, attempt.upstream != nil else { return }
        let cell = attempt.backend.cell
        if cell.isFrozen(since: attempt.startedNanoseconds) {
            hasFled = true
            return fail(.frozen, reused: false)
        }
        let silence = loop.events.nanoseconds - max(attempt.startedNanoseconds, cell.lastHeard)
        if silence >= Silence.bound, table.hasOther(than: cell, for: model) { loop.suspect(attempt.backend) }
    }

    /// The client's send buffer is full, or is empty again.
    func clientCanTake(_ more: Bool) {
        attempt?.upstream?.setReading(more)
        handle(more ? .resumed : .paused)
    }

    /// Nobody waits for the answer any more: the backend is told at once.
    func clientGone() {
        guard !isOver else { return }
        loop.meters.disconnected(exchange.isCommitted ? .streaming : .beforeFirstToken)
        handle(.clientGone)
        leaveAttempt()
        account(code: 499)
    }

    // MARK: What the upstream connection says

    func upstream(_ upstream: UpstreamConnection, failed failure: AttemptFailure) {
        guard !isOver, let attempt, attempt.upstream === upstream else { return }
        let isStale = failure == .closedEarly && upstream.isReused
        if failure.condemns, !isStale { loop.condemn(attempt.backend.cell, because: failure) }
        fail(failure, reused: upstream.isReused)
        client.flush()
    }

    func upstream(_ upstream: UpstreamConnection, head: ResponseHead, bytes: ByteBuffer) {
        guard !isOver, let attempt else { return }
        loop.meters.backend(attempt.backend.cell).answered(code: head.status)
        answer = Answer(head: head, headBytes: bytes)
        if head.isEventStream { upstream.expectStream() }
        let facts = ResponseFacts(head, in: bytes)
        if let failure = facts.failure(request.order.wish) { lastFailure = failure }
        handle(.head(facts))
    }

    /// A stretch of body data, framing removed.
    func upstream(_ upstream: UpstreamConnection, data bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        guard !isOver, let answer else { return }
        guard answer.head.status == 200, answer.head.isEventStream, relay != nil else {
            return pass(bytes, range)
        }
        let failure = relay?.take(bytes, range)
        if let news = relay?.takeNews() { carryOut(decide(.events(sound: news == .sound))) }
        if let failure { fail(failure, reused: false) }
    }

    func upstreamEnded(_ upstream: UpstreamConnection) {
        guard !isOver else { return }
        attempt?.upstream = nil
        if let relay, exchange.isCommitted, !relay.isFinished { return fail(.unfinished, reused: false) }
        handle(.end)
    }

    /// Everything that had come was handed over: a good moment to let it go to the client.
    func upstreamPausedReading() { client.flush() }

    /// A stretch of an answer that is not read here.
    private func pass(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        let decision = decide(.body(bytes: range.count))
        if decision == .forward {
            write(bytes, range)
        } else {
            answer?.held.writeBytes(bytes.extracting(range).bytes)
            carryOut(decision)
        }
    }

    // MARK: Decisions

    private func decide(_ event: Exchange.Event) -> Exchange.Decision {
        // Captures nothing but `self`: this runs for each event of a stream.
        exchange.handle(event, at: loop.now) { tried, purpose in self.choose(avoiding: tried, for: purpose) }
    }

    private func choose(avoiding tried: [Int], for purpose: Exchange.Purpose) -> Int? {
        switch purpose {
        case .answer: loop.choose(among: model.tiers, avoiding: tried, in: table)
        case .continuation: nil
        }
    }

    private func handle(_ event: Exchange.Event) {
        guard !isOver else { return }
        carryOut(decide(event))
    }

    private func fail(_ failure: AttemptFailure, reused: Bool) {
        if let attempt { loop.meters.backend(attempt.backend.cell).failed(failure) }
        lastFailure = failure
        handle(.failed(failure, reused: reused))
    }

    private func carryOut(_ decision: Exchange.Decision) {
        switch decision {
        case .nothing, .hold: break
        case .attempt(let backend, let fresh): startAttempt(backend, fresh: fresh, body: request.order.body)
        case .continue, .breakOff: if relay?.isFinished ?? false { finish() } else { goOnOrBreakOff(decision) }
        case .commit: commit()
        case .forward: writeEvents()
        case .keepAlive: sayNothing()
        case .finish: finish()
        case .refuse(let refusal): refuse(refusal)
        }
    }

    private func goOnOrBreakOff(_ decision: Exchange.Decision) {
        if case .breakOff(let failure) = decision { breakOff(failure) }
    }

    private func startAttempt(_ place: Int, fresh: Bool, body: ByteBuffer) {
        leaveAttempt()
        answer = nil
        relay?.beginAnswer()
        let backend = table.backends[place]
        if let lastFailure, !fresh { loop.meters.backend(backend.cell).retried(after: lastFailure) }
        backend.cell.begin()
        let parked = fresh ? nil : loop.takeParked(backend.cell)
        let upstream = parked ?? UpstreamConnection(backend.cell, loop: loop)
        attempt = Attempt(
            upstream: upstream, backend: backend, startedAt: loop.now,
            startedNanoseconds: loop.events.nanoseconds)
        var message = ByteBuffer()
        MessageWriter.request(request.head, body: body, to: backend, about: request.origin, into: &message)
        if parked != nil {
            upstream.send(message, for: self)
        } else {
            upstream.open(to: backend, within: model.route.deadlines.connect, for: self, sending: message)
        }
    }

    /// Ends the present attempt: a connection whose response is not whole is closed.
    private func leaveAttempt() {
        guard let attempt else { return }
        self.attempt = nil
        attempt.backend.cell.end()
        loop.meters.backend(attempt.backend.cell).ended(after: loop.now - attempt.startedAt)
        attempt.upstream?.close()
    }

    // MARK: The answer

    private var closes: Bool { client.closesAfterResponse || answer?.framing == .raw }

    private func commit() {
        guard let answer else { return }
        committedAt = committedAt ?? loop.now
        if answer.framing == nil {
            let framing = ClientFraming(answer.head, clientIsHTTP10: clientIsHTTP10)
            // A stream is framed anew: what follows may come from elsewhere.
            self.answer?.framing = relay == nil || framing == .raw ? framing : .chunked
            writeHead()
        }
        if relay == nil || !answer.head.isEventStream { writeHeld() } else { writeEvents() }
    }

    private func writeHead() {
        guard let answer, let framing = answer.framing else { return }
        let closes = self.closes
        client.write {
            MessageWriter.response(
                answer.head, in: answer.headBytes, framing: framing, id: request.origin.id, closes: closes, into: &$0)
        }
    }

    private func writeHeld() {
        guard let held = answer?.held, held.readableBytes > 0 else { return }
        answer?.held = ByteBuffer()
        write(held.readableBytesUInt8Span, 0..<held.readableBytes)
    }

    private func writeEvents() {
        guard let events = relay?.takeEvents(), events.readableBytes > 0 else { return }
        write(events.readableBytesUInt8Span, 0..<events.readableBytes)
    }

    private func write(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        let isChunked = answer?.framing == .chunked
        client.write { out in
            if isChunked { MessageWriter.chunkStart(range.count, into: &out) }
            out.writeBytes(bytes.extracting(range).bytes)
            if isChunked { out.writeStaticString("\r\n") }
        }
    }

    private func write(_ text: String) { write(text.utf8.span, 0..<text.utf8.count) }

    /// A sign of life for whatever stands between us and the client.
    private func sayNothing() {
        write(": keep-alive\n\n")
    }

    private func finish() {
        guard let answer else { return }
        if answer.framing == nil {
            // Whole before the client has a byte of it: its length is known.
            let framing = ClientFraming(answer.head, clientIsHTTP10: clientIsHTTP10)
            self.answer?.framing = framing == .none ? framing : .length(answer.held.readableBytes)
            committedAt = loop.now
            writeHead()
            writeHeld()
        }
        if let rest = relay?.finish() { write(rest.readableBytesUInt8Span, 0..<rest.readableBytes) }
        if self.answer?.framing == .chunked { client.write { $0.writeStaticString("0\r\n\r\n") } }
        let closes = self.closes
        leaveAttempt()
        account(code: answer.head.status)
        client.responseEnded(closing: closes)
    }

    private func refuse(_ refusal: Exchange.Refusal) {
        leaveAttempt()
        let error = error(for: refusal)
        account(code: error.status)
        client.answer(error, id: request.origin.id)
        client.responseEnded(closing: client.closesAfterResponse)
        client.flush()
    }

    private func error(for refusal: Exchange.Refusal) -> GatewayError {
        switch refusal {
        case .noBackend:
            loop.meters.shed(.noBackend)
            return .noBackend(model.route.name, why: table.troubles(of: model))
        case .failed(let place, let failure):
            loop.meters.retryDenied(.noBackend)
            let backend = table.backends[place]
            switch failure {
            case .connect, .connectTimeout: return .noBackend(model.route.name, why: table.troubles(of: model))
            case .firstTokenTimeout, .stalled:
                noteTimeout(failure, of: backend)
                return .timeout(backend.route.name, why: failure.text)
            default: return .badGateway(backend.route.name, why: failure.text)
            }
        }
    }

    /// Ends an answer of which the client has a part: with an error event where one can still be read, then by closing.
    ///
    /// The body stays unfinished on purpose: the missing last chunk tells every client that the answer is not whole.
    private func breakOff(_ failure: AttemptFailure) {
        loop.meters.retryDenied(.streamStarted)
        if let attempt {
            if failure == .stalled { noteTimeout(failure, of: attempt.backend) }
            let error = GatewayError.badGateway(attempt.backend.route.name, why: failure.text)
            if relay != nil { write("data: \(error.json)\n\n") }
        }
        leaveAttempt()
        account(code: answer?.head.status ?? 502)
        client.breakOff()
    }

    /// Failures that a deadline found, not the connection.
    private func noteTimeout(_ failure: AttemptFailure, of backend: CompiledTable.Backend) {
        let meters = loop.meters.backend(backend.cell)
        meters.failed(failure)
        meters.stalled(isStreaming: failure == .stalled)
    }

    /// Counts the request, once, at its end.
    private func account(code: Int) {
        isOver = true
        let now = loop.now
        let meters = loop.meters.request(request.order.route, model: model.route.name)
        meters.finished(code: code, after: now - request.startedAt)
        loop.meters.closed(request.order.route)
    }
}
