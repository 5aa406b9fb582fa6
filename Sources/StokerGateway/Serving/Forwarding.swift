import NIOCore
import StokerCore
import StokerMetrics
import StokerNet
import StokerWire

/// One request in the hands of backends: carries out what its `Exchange` decides. Confined to the client's loop.
final class Forwarding {
    /// A request that is whole and has a model. An object: it is looked at all the time, and copied never.
    final class Request {
        let order: Dispatch.Order
        let head: RequestHead
        let origin: RequestOrigin
        /// When its first byte came.
        let startedAt: Duration

        init(order: Dispatch.Order, head: RequestHead, origin: RequestOrigin, startedAt: Duration) {
            self.order = order
            self.head = head
            self.origin = origin
            self.startedAt = startedAt
        }
    }

    struct Attempt {
        /// nil once its response is whole and the connection serves others.
        var upstream: UpstreamConnection?
        var backend: CompiledTable.Backend
        var meters: BackendMeters
        /// As `SocketLoop.nanoseconds`.
        var startedAt: Int64
        /// Whether this request decides about the backend.
        var isTrial = false
        /// Events that its warm-up has been told of.
        var credited = 0
    }

    /// The answer of the present attempt.
    final class Answer {
        let head: ResponseHead
        /// What `head` was read from: its fields are places in here.
        let headBytes: ByteBuffer
        /// Whether it is a good answer of events. Asked for each of them, when a look at `head` would copy it.
        let isEvents: Bool
        /// Of an answer that is no stream of ours, what the client has not got yet.
        var held = ByteBuffer()

        init(_ head: ResponseHead, _ headBytes: ByteBuffer) {
            self.head = head
            self.headBytes = headBytes
            isEvents = head.status == 200 && head.isEventStream
        }
    }

    /// Knows this request only while it lasts, so the two do not keep each other alive.
    let client: ClientConnection
    let loop: GatewayLoop
    /// The table of the first attempt; a newer one is for newer requests.
    var table: CompiledTable
    var model: CompiledTable.Model
    let request: Request
    var exchange: Exchange
    var attempt: Attempt?
    var lastFailure: AttemptFailure?
    var answer: Answer?
    /// The stream that the client asked for, across all backends that have a part in it.
    var relay: StreamRelay?
    var seam = SeamState()
    /// How the answer reaches the client, once it has a status line.
    var framing: ClientFraming?
    /// The status that the client was told.
    var status = 0
    var accounts: RequestMeter
    /// The backend that was asked last.
    var lastBackend: String?
    /// Of an answer that is one document.
    var usage: TokenUsage?
    var isOver = false
    /// Where it waits for a slot; nil when it does not.
    var place: Place?
    /// The backend of which it holds a slot that no attempt has used yet.
    var reserved: Int?
    /// Whether the retry budget has refused it.
    var isDenied = false
    /// The backend where it came to grief, until it is known what became of it.
    var brokenOn: String?
    private var hasFled = false
    /// Counts what became of the first attempt, where the model has a canary.
    var first: FirstAttempt?
    /// Whether the present attempt is that one.
    private(set) var isFirst = false
    /// Whether its client is the canary's.
    var isCanary: Bool
    /// Looked up by text: once a request, and not for each event.
    private(set) lazy var meters = loop.meters.request(request.order.route, model: model.route.name)

    init(_ request: Request, for client: ClientConnection, on loop: GatewayLoop) {
        self.request = request
        self.client = client
        self.loop = loop
        table = loop.table
        model = request.order.model
        isCanary = request.order.model.canary?.split.sendsToCanary(client: request.order.client) ?? false
        exchange = Exchange(
            request.order.wish, deadlines: model.route.deadlines, maxSeams: request.order.maxSeams,
            keepAlive: table.limits.keepAliveComments, startedAt: request.startedAt)
        accounts = RequestMeter(startedAt: request.startedAt)
        if request.order.wish == .eventStream {
            relay = StreamRelay(request.order.route, keepsText: request.order.maxSeams > 0)
        }
    }

    /// Whether the client has a status line.
    var hasHead: Bool { exchange.hasHead }
    var clientIsHTTP10: Bool { request.head.isHTTP10 }

    // MARK: What the client connection says

    func tick(_ now: Duration) {
        handle(.tick)
        creditWarmUp()
        watchForSilence()
        client.flush()
    }

    /// Leaves a backend that is silent to everybody: at once when it does not even answer for its health, else when a
    /// stream has waited half of its time. To one that waits for a document silence means nothing, unless it has been
    /// proven once and nothing was heard since. Once: where the second is silent too, the request itself may be what
    /// keeps them busy.
    private func watchForSilence() {
        guard !isOver, !hasFled, let attempt, attempt.upstream != nil else { return }
        let (cell, now, deadlines) = (attempt.backend.cell, loop.events.nanoseconds, model.route.deadlines)
        let isFrozen = cell.isFrozen(since: attempt.startedAt)
        let silence = now - max(attempt.startedAt, cell.lastHeard)
        guard isFrozen || silence >= Silence.bound(deadlines),
            table.hasOther(than: cell, for: model, avoiding: exchange.tried)
        else { return }
        if isFrozen { return flee(.frozen) }
        let isEvidence = relay != nil || cell.isOnProbation
        if !exchange.isCommitted, isEvidence, silence >= deadlines.firstToken.nanoseconds / 2 {
            return flee(.silent)
        }
        loop.suspect(attempt.backend, of: model, in: table, within: Silence.patience(deadlines))
    }

    private func flee(_ failure: AttemptFailure) {
        hasFled = true
        noteSilence(failure)
        attempt?.backend.cell.shun(at: loop.events.nanoseconds)
        fail(failure, reused: false)
    }

    /// The client's send buffer is full, or is empty again.
    func clientCanTake(_ more: Bool) {
        attempt?.upstream?.setReading(more)
        handle(more ? .resumed : .paused)
    }

    /// Nobody waits for the answer any more: the backend is told at once.
    ///
    /// - Parameter isSlow: the client was cut off, because it took nothing.
    func clientGone(isSlow: Bool) {
        guard !isOver else { return }
        loop.meters.disconnected(isSlow ? .slowReader : disconnectPhase)
        leaveLine()
        handle(.clientGone)
        leaveAttempt()
        account(isSlow ? .slowReader : .clientGone, code: 499)
    }

    private var disconnectPhase: DisconnectPhase {
        place != nil ? .queued : exchange.isCommitted ? .streaming : .beforeFirstToken
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
        attempt.meters.answered(code: head.status)
        answer = Answer(head, bytes)
        if head.isEventStream { upstream.expectStream() }
        handle(.head(ResponseFacts(head, in: bytes)))
    }

    /// A stretch of body data, framing removed.
    func upstream(_ upstream: UpstreamConnection, data bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        guard !isOver, answer != nil else { return }
        guard isRelayed else { return pass(bytes, range) }
        let failure = relay?.take(bytes, range)
        meterEvents()
        if let news = relay?.takeNews() {
            if exchange.passesEvents(at: loop.now) { writeEvents() } else { handle(.events(sound: news == .sound)) }
        }
        if let failure { return fail(failure, reused: false) }
        // The rest of what this backend says is of no use any more.
        if relay?.isOver ?? false, !isOver { handle(.end) }
    }

    func upstreamEnded(_ upstream: UpstreamConnection) {
        guard !isOver else { return }
        attempt?.upstream = nil
        if let relay, exchange.isCommitted, !relay.isFinished, !relay.isRaw { return fail(.unfinished, reused: false) }
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
            if let answer {
                if answer.held.storageCapacity == 0 { answer.held = loop.takeSpare() }
                answer.held.writeBytes(bytes.extracting(range).bytes)
            }
            carryOut(decision)
        }
    }

    /// Times the tokens that have come since the last look.
    private func meterEvents() {
        guard let events = relay?.tokenEvents, events > accounts.events else { return }
        while accounts.events < events {
            if let gap = accounts.event(at: loop.now) { meters.gap(gap) }
        }
    }

    // MARK: Decisions

    private func decide(_ event: Exchange.Event) -> Exchange.Decision {
        // Captures nothing but `self`: this runs for each event of a stream.
        exchange.handle(event, at: loop.now) { tried, purpose in self.choose(avoiding: tried, for: purpose) }
    }

    private func choose(avoiding tried: [Int], for purpose: Exchange.Purpose) -> Int? {
        let key = request.order.affinity
        // The first attempt has its slot, or there is nobody to have one of.
        if accounts.attempts == 0 { return reserved }
        guard purpose == .continuation else {
            let found = loop.choose(among: tiers, avoiding: tried, key: key, in: table) ?? lastOfAll(avoiding: tried)
            return purpose == .retry && found != nil && !mayRetry() ? nil : found
        }
        guard let relay, !relay.isRaw, case let transcript = seam.transcript ?? relay.transcript,
            transcript.fitness == .plain,
            seam.request(of: request.order) != nil
        else { return nil }
        // With nothing said yet the request is sent again as it is, which every engine understands.
        let isAny = transcript.text.isEmpty
        let fit = tiers.map {
            $0.filter { isAny || table.backends[$0].route.continuation.continues(request.order.route) }
        }
        return loop.choose(among: fit, avoiding: tried, key: key, in: table)
    }

    /// Who may be asked, best first. The canary's clients have stable to fall back on; stable's have the canary only
    /// where stable has nobody left.
    var tiers: [[Int]] { model.canary?.tiers(isCanary: isCanary, stable: model.tiers) ?? model.tiers }

    private func lastOfAll(avoiding tried: [Int]) -> Int? {
        guard let lane = model.canary, !isCanary else { return nil }
        return loop.choose(among: [lane.backends], avoiding: tried, key: request.order.affinity, in: table)
    }

    func handle(_ event: Exchange.Event) {
        guard !isOver else { return }
        let decision = decide(event)
        if let found = exchange.takeFound() { count(found) }
        carryOut(decision)
    }

    /// A failure of the present attempt.
    private func count(_ failure: AttemptFailure) {
        lastFailure = failure
        if isFirst { first?.failed(failure) }
        guard let attempt else { return }
        attempt.meters.failed(failure)
        noteBroken(attempt.backend.cell, failure)
        if failure.isBadAnswer {
            let cell = attempt.backend.cell
            loop.tell(.failed(othersServe: table.hasOther(than: cell, for: model)), of: cell, because: failure)
        }
        if failure == .stalled || failure == .firstTokenTimeout {
            attempt.meters.stalled(isStreaming: failure == .stalled)
        }
    }

    func fail(_ failure: AttemptFailure, reused: Bool) {
        // A kept connection that the backend closed is replayed, and nobody's failure.
        if !reused || failure != .closedEarly { count(failure) }
        handle(.failed(failure, reused: reused))
    }

    func carryOut(_ decision: Exchange.Decision) {
        switch decision {
        case .nothing, .hold: break
        case .attempt(let backend, let fresh): startAttempt(backend, fresh: fresh, body: request.order.body)
        case .continue(let backend, let failure): goOn(at: backend, after: failure)
        case .breakOff(let failure): breakOff(failure)
        case .commit: commit()
        case .forward: writeEvents()
        case .keepAlive: sayNothing()
        case .finish: finish(isBroken: false)
        case .refuse(let refusal): refuse(refusal)
        }
    }

    /// Another backend goes on where the stream broke off.
    private func goOn(at place: Int, after failure: AttemptFailure) {
        guard let relay, let asked = seam.request(of: request.order) else { return breakOff(failure) }
        if relay.isFinished { return finish(isBroken: true) }
        let transcript = seam.transcript ?? relay.transcript
        seam.transcript = transcript
        let backend = table.backends[place]
        let body = request.order.body
        let outcome = asked.body(
            body.readableBytesUInt8Span, continuing: transcript, on: backend.route.continuation,
            begunOn: seam.dialect ?? .none)
        switch outcome {
        case .complete: finish(isBroken: true)
        case .impossible: breakOff(failure)
        case .send(let body):
            let comment = StreamSplicer.seamComment(backend: backend.route.name, reason: failure.reason.rawValue)
            if seam.broken == nil, let attempt { seam.broken = (attempt.backend.route.name, attempt.meters, failure) }
            startAttempt(place, fresh: false, body: ByteBuffer(bytes: body))
            self.relay?.beginContinuation(of: transcript, asked, opening: comment)
        }
    }

    private func startAttempt(_ place: Int, fresh: Bool, body: ByteBuffer) {
        leaveAttempt()
        answer = nil
        if !exchange.isCommitted { relay?.beginAnswer() }
        let backend = table.backends[place]
        let meters = loop.meters.backend(backend.cell)
        if let lastFailure, !fresh { meters.retried(after: lastFailure) }
        if loop.isPanic(place, in: table) { meters.panicked() }
        if reserved == place { reserved = nil } else { backend.cell.begin() }
        noteMoved(to: backend.route.name)
        lastBackend = backend.route.name
        if !fresh {
            isFirst = accounts.attempts == 0
            if isFirst {
                first = model.canary?.begin(at: place, isCanary: isCanary, now: loop.events.nanoseconds)
            }
            accounts.attempt(at: loop.now)
        }
        let parked = fresh ? nil : loop.takeParked(backend.cell)
        let upstream = parked ?? UpstreamConnection(backend.cell, loop: loop)
        attempt = Attempt(
            upstream: upstream, backend: backend, meters: meters, startedAt: loop.events.nanoseconds,
            isTrial: backend.cell.claimTrial(), credited: accounts.events)
        let request = self.request
        func write(into out: inout ByteBuffer) {
            MessageWriter.request(request.head, body: body, to: backend, about: request.origin, into: &out)
        }
        if parked != nil {
            upstream.send(for: self) { write(into: &$0) }
        } else {
            var message = ByteBuffer()
            write(into: &message)
            upstream.open(to: backend, within: model.route.deadlines.connect, for: self, sending: message)
        }
    }

    /// Ends the present attempt: a connection whose response is not whole is closed.
    func leaveAttempt() {
        guard let attempt else { return }
        creditWarmUp()
        if attempt.isTrial { attempt.backend.cell.releaseTrial() }
        self.attempt = nil
        attempt.backend.cell.end()
        loop.released(attempt.backend)
        attempt.meters.ended(after: .nanoseconds(loop.events.nanoseconds - attempt.startedAt))
        attempt.upstream?.close()
    }
}
