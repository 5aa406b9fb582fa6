import NIOCore
import StokerCore
import StokerMetrics
import StokerWire

/// One request in the hands of backends: carries out what its `Exchange` decides. Confined to the client's event loop.
final class Forwarding {
    /// A request that is whole and has a model.
    struct Request {
        var route: Route
        var head: RequestHead
        /// With the model's name as the backends know it.
        var body: ByteBuffer
        var id: String
        /// When its first byte came.
        var startedAt: Duration
    }

    private struct Attempt {
        /// nil once its response is whole and the connection serves others.
        var upstream: UpstreamConnection?
        var backend: CompiledTable.Backend
        var startedAt: Duration
    }

    /// Knows this request only while it lasts, so the two do not keep each other alive.
    private let client: ClientConnection
    private let loop: GatewayLoop
    /// The table that the request began with; a newer one is for newer requests.
    private let table: CompiledTable
    private let model: CompiledTable.Model
    private let request: Request
    private var exchange: Exchange
    private var accounts: RequestMeter
    private var attempt: Attempt?
    private var lastFailure: AttemptFailure?
    private var lastBackend: String?
    private var answer: RelayedAnswer?
    private var isOver = false

    init(_ request: Request, of model: CompiledTable.Model, for client: ClientConnection, on loop: GatewayLoop) {
        self.request = request
        self.model = model
        self.client = client
        self.loop = loop
        table = loop.table
        exchange = Exchange(deadlines: model.route.deadlines, startedAt: request.startedAt)
        accounts = RequestMeter(startedAt: request.startedAt)
    }

    /// Whether the client has received a part of the answer.
    var isCommitted: Bool { exchange.isCommitted }
    var clientIsHTTP10: Bool { request.head.isHTTP10 }

    // MARK: What the client connection says

    func start() { handle(.begin) }

    func tick(_ now: Duration) { handle(.tick) }

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
        account(.clientGone, code: 499)
    }

    // MARK: What the upstream connection says

    func upstream(_ upstream: UpstreamConnection, failed failure: AttemptFailure) {
        guard !isOver, let attempt, attempt.upstream === upstream else { return }
        let isStale = failure == .closedEarly && upstream.isReused
        loop.meters.backend(attempt.backend.cell).failed(failure)
        if failure.condemns, !isStale { loop.condemn(attempt.backend.cell, because: failure) }
        lastFailure = failure
        handle(.failed(failure, reused: upstream.isReused))
        client.flush()
    }

    func upstream(_ upstream: UpstreamConnection, head: ResponseHead, bytes: ByteBuffer) {
        guard let attempt else { return }
        loop.meters.backend(attempt.backend.cell).answered(code: head.status)
        answer = RelayedAnswer(head, bytes: bytes, clientIsHTTP10: request.head.isHTTP10)
        var facts = ResponseFacts(status: head.status, isEventStream: head.isEventStream)
        if case .length(let length) = head.framing { facts.contentLength = length }
        if facts.isBackPressure { lastFailure = .status(head.status) }
        handle(.head(facts))
    }

    /// Body data, framing removed; called before the stretch that it is part of.
    func meter(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) { answer?.take(bytes, range) }

    func upstream(_ upstream: UpstreamConnection, body: ByteBuffer) {
        guard let answer else { return }
        let hasData = answer.hasNewData
        meterEvents(of: answer)
        var bytes = answer.stretch(body)
        let decision = decide(.body(bytes: bytes.readableBytes, hasData: hasData))
        if decision == .forward {
            answer.frame(&bytes)
            client.write(bytes)
        } else {
            answer.hold(bytes)
            carryOut(decision)
        }
    }

    func upstreamEnded(_ upstream: UpstreamConnection, reusable: Bool) {
        guard !isOver else { return }
        attempt?.upstream = nil
        handle(.end)
    }

    /// Everything that had come was handed over: a good moment to let it go to the client.
    func upstreamPausedReading() { client.flush() }

    // MARK: Decisions

    private func decide(_ event: Exchange.Event) -> Exchange.Decision {
        // Captures nothing but `self`: this runs for each event of a stream.
        exchange.handle(event, at: loop.now) { tried in
            self.loop.choose(among: self.model.tiers, avoiding: tried, in: self.table)
        }
    }

    private func handle(_ event: Exchange.Event) {
        guard !isOver else { return }
        carryOut(decide(event))
    }

    private func carryOut(_ decision: Exchange.Decision) {
        switch decision {
        case .nothing, .hold, .forward: break
        case .attempt(let backend, let fresh): startAttempt(backend, fresh: fresh)
        case .commit: commit()
        case .finish: finish()
        case .refuse(let refusal): refuse(refusal)
        case .breakOff(let failure): breakOff(failure)
        }
    }

    private func startAttempt(_ place: Int, fresh: Bool) {
        leaveAttempt()
        answer = nil
        let backend = table.backends[place]
        if let lastFailure, !fresh { loop.meters.backend(backend.cell).retried(after: lastFailure) }
        backend.cell.begin()
        lastBackend = backend.route.name
        if !fresh { accounts.attempt(at: loop.now) }
        let message = loop.compose {
            MessageWriter.request(request.head, body: request.body, to: backend, id: request.id, into: &$0)
        }
        let parts = MessageWriter.isSmall(request.body) ? [message] : [message, request.body]
        let parked = fresh ? nil : loop.takeParked(backend.cell)
        let upstream = parked ?? UpstreamConnection(backend.cell, loop: loop)
        attempt = Attempt(upstream: upstream, backend: backend, startedAt: loop.now)
        if parked != nil {
            upstream.send(parts, for: self)
        } else {
            upstream.open(to: backend, within: model.route.deadlines.connect, for: self, sending: parts)
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

    private func commit() {
        guard let answer else { return }
        answer.committedAt = loop.now
        let closes = client.closesAfterResponse || answer.framing == .raw
        var held = answer.takeHeld()
        if held.readableBytes > 0 { answer.frame(&held) }
        let joined = MessageWriter.isSmall(held)
        client.write(
            loop.compose { out in
                MessageWriter.response(
                    answer.head, in: answer.headBytes, framing: answer.framing, id: request.id,
                    closes: closes, into: &out)
                if joined { out.writeImmutableBuffer(held) }
            })
        if !joined { client.write(held) }
    }

    private func finish() {
        guard let answer else { return }
        if answer.committedAt == nil {
            answer.meterHeld()
            commit()
        }
        if answer.framing == .rechunked { client.write(ByteBuffer(string: "0\r\n\r\n")) }
        let closes = client.closesAfterResponse || answer.framing == .raw
        leaveAttempt()
        account(answer.head.status < 400 ? .ok : .backendError, code: answer.head.status)
        client.responseEnded(closing: closes)
    }

    private func refuse(_ refusal: Exchange.Refusal) {
        leaveAttempt()
        let error = error(for: refusal)
        account(accounts.attempts == 0 ? .refused : .failed, code: error.status, error: error.code)
        client.answer(error, id: request.id)
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

    /// Ends a committed answer: with an error event where one can still be read, then by closing.
    private func breakOff(_ failure: AttemptFailure) {
        loop.meters.retryDenied(.streamStarted)
        if let attempt {
            if failure == .stalled { noteTimeout(failure, of: attempt.backend) }
            let error = GatewayError.badGateway(attempt.backend.route.name, why: failure.text)
            let seam = attempt.upstream?.seam ?? .none
            if let event = answer?.errorEvent(error, at: seam) { client.write(event) }
        }
        leaveAttempt()
        account(.brokenOff, code: answer?.head.status ?? 502, error: "backend_failed")
        client.breakOff()
    }

    /// Failures that a deadline found, not the connection.
    private func noteTimeout(_ failure: AttemptFailure, of backend: CompiledTable.Backend) {
        let meters = loop.meters.backend(backend.cell)
        meters.failed(failure)
        meters.stalled(isStreaming: failure == .stalled)
    }

    /// Times the events of a stream that have come since the last look.
    private func meterEvents(of answer: RelayedAnswer) {
        guard answer.outputEvents > accounts.events else { return }
        let (now, meters) = (loop.now, loop.meters.request(request.route, model: model.route.name))
        while accounts.events < answer.outputEvents {
            if let gap = accounts.event(at: now) { meters.gap(gap) }
        }
    }

    /// Counts and remembers the request, once, at its end.
    private func account(_ outcome: RequestOutcome, code: Int, error: String? = nil) {
        isOver = true
        let end = RequestEnd(
            outcome, code: code, backend: lastBackend, isStream: answer?.head.isEventStream ?? false,
            usage: answer?.usage, errorCode: error)
        let record = accounts.record(identity, end, at: loop.now, wall: MetricsClock.system.wall())
        loop.meters.request(request.route, model: model.route.name).count(record)
        loop.meters.closed(request.route)
        loop.recent.append(record)
    }

    private var identity: RequestIdentity {
        RequestIdentity(id: request.id, route: request.route, model: model.route.name)
    }

    /// The request as it stands.
    func live(at now: Duration, wall: Timestamp) -> LiveRequest {
        accounts.live(identity, backend: lastBackend, isCommitted: isCommitted, at: now, wall: wall)
    }
}
