import NIOCore
import StokerCore
import StokerMetrics
import StokerNet
import StokerWire

/// What the client gets.
extension Forwarding {
    /// Whether the connection ends with this answer.
    private var closes: Bool { client.closesAfterResponse || framing == .raw }
    private var persistence: Persistence { closes ? .closes : client.persistence }

    /// The first of the answer may go out, or the first after a seam.
    func commit() {
        guard let answer else { return }
        noteAnswered(answer)
        noteSuccess()
        noteServed(answer.head.status)
        noteContinued()
        seam.transcript = nil
        seam.dialect = seam.dialect ?? attempt?.backend.route.continuation
        if framing == nil {
            let whole = ClientFraming(answer.head, clientIsHTTP10: clientIsHTTP10)
            // A stream is framed anew: what follows may come from elsewhere.
            writeHead(of: answer, framing: isRelayed && whole != .raw ? .chunked : whole)
        }
        if isRelayed { writeEvents() } else { writeHeld() }
    }

    private func noteAnswered(_ answer: Answer) {
        first?.answered(status: answer.head.status, isOwn: isFirst, now: loop.events.nanoseconds)
    }

    /// Whether the present answer is read event by event.
    var isRelayed: Bool {
        relay != nil && answer?.isEvents ?? false
    }

    private func writeHead(of answer: Answer, framing: ClientFraming) {
        self.framing = framing
        status = answer.head.status
        let persistence = self.persistence
        client.write {
            MessageWriter.response(
                answer.head, in: answer.headBytes, framing: framing, id: request.origin.id, persistence: persistence,
                into: &$0)
        }
    }

    private func writeHeld() {
        guard let answer, answer.held.readableBytes > 0 else { return }
        var held = answer.held
        answer.held = ByteBuffer()
        write(held.readableBytesUInt8Span, 0..<held.readableBytes)
        loop.keepSpare(&held)
    }

    func writeEvents() {
        let (client, isChunked) = (client, framing == .chunked)
        relay?.takeEvents { Self.write($0, 0..<$0.count, to: client, isChunked: isChunked) }
    }

    /// Sends a stretch of the body.
    func write(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        Self.write(bytes, range, to: client, isChunked: framing == .chunked)
    }

    private static func write(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, to client: ClientConnection, isChunked: Bool
    ) {
        // A chunk of no bytes would be the last.
        guard !range.isEmpty else { return }
        client.write { out in
            if isChunked { MessageWriter.chunkStart(range.count, into: &out) }
            out.writeBytes(bytes.extracting(range).bytes)
            if isChunked { out.writeStaticString("\r\n") }
        }
    }

    func write(_ text: String) { write(Array(text.utf8)) }
    private func write(_ bytes: [UInt8]) { write(bytes.span, 0..<bytes.count) }

    /// A sign of life for whatever stands between us and the client. It brings a status line with it when there is none
    /// yet; a failure can then no longer be one.
    func sayNothing() {
        if framing == nil {
            let framing = clientIsHTTP10 ? ClientFraming.raw : .chunked
            self.framing = framing
            status = 200
            let persistence = self.persistence
            client.write {
                MessageWriter.earlyStreamHead(
                    framing: framing, id: request.origin.id, persistence: persistence, into: &$0)
            }
        }
        loop.meters.keepAliveComment()
        write(": keep-alive\n\n")
    }

    /// Ends the answer as a whole one.
    ///
    /// - Parameter isBroken: the backend broke off behind the last token, and what it owes is written here.
    func finish(isBroken: Bool) {
        if framing == nil {
            guard let answer else { return }
            noteAnswered(answer)
            noteSuccess()
            noteServed(answer.head.status)
            // Whole before the client has a byte of it: its length is known.
            let framing = ClientFraming(answer.head, clientIsHTTP10: clientIsHTTP10)
            writeHead(of: answer, framing: framing == .none ? framing : .length(answer.held.readableBytes))
            meterDocument(answer)
            writeHeld()
        }
        if isBroken {
            let usage = seam.request(of: request.order)?.includesUsage ?? false
            if let end = relay?.close(includesUsage: usage) { write(end) }
        } else if let rest = relay?.takeRest() {
            write(rest)
        }
        if framing == .chunked { client.write { $0.writeStaticString("0\r\n\r\n") } }
        let closes = self.closes
        leaveAttempt()
        account(status < 400 ? .ok : .backendError, code: status)
        client.responseEnded(closing: closes)
    }

    /// Nothing was sent: the answer is an error.
    func refuse(_ refusal: Exchange.Refusal) {
        refuse(with: error(for: refusal))
    }

    func refuse(with error: GatewayError) {
        noteFate(.failed)
        leaveAttempt()
        account(accounts.attempts == 0 ? .refused : .failed, code: error.status, error: error.code)
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
            if !isDenied { loop.meters.retryDenied(.noBackend) }
            let backend = table.backends[place]
            switch failure {
            case .connect, .connectTimeout: return .noBackend(model.route.name, why: table.troubles(of: model))
            case .firstTokenTimeout, .stalled, .frozen, .silent: return .timeout(backend.route.name, why: failure.text)
            default: return .badGateway(backend.route.name, why: failure.text)
            }
        }
    }

    /// Ends an answer of which the client has a part: with an error event where one can still be read, then by closing.
    ///
    /// The body stays unfinished on purpose: the missing last chunk tells every client that the answer is not whole.
    func breakOff(_ failure: AttemptFailure) {
        if relay?.isFinished ?? false { return finish(isBroken: true) }
        let why = exchange.isCommitted ? unsavedBecause() : ""
        let error = GatewayError.badGateway(lastBackend ?? "", why: failure.text + why)
        if let relay {
            // A long event that is passed on as it comes may be cut anywhere.
            write((relay.isRaw ? "\n\n" : "") + "data: \(error.json)\n\n")
            if exchange.isCommitted { noteLost(failure, obstacle: String(why.dropFirst(2))) }
        }
        loop.meters.retryDenied(.streamStarted)
        noteFate(exchange.isCommitted ? .broken(tokens: accounts.events) : .failed)
        leaveAttempt()
        account(.brokenOff, code: status, error: error.code)
        client.breakOff()
    }

    /// Counts why nobody goes on with the stream, and says so in a clause.
    private func unsavedBecause() -> String {
        guard let relay else { return "" }
        let obstacle = seam.obstacle(of: request.order, seam.transcript ?? relay.transcript)
        if obstacle == nil, exchange.seams >= request.order.maxSeams {
            loop.meters.unsaved(.seamLimit)
            return "; it was continued \(exchange.seams) times already"
        }
        loop.meters.unsaved(obstacle.map(UnsavedReason.init) ?? (hasDialect ? .noBackend : .noDialect))
        return obstacle.map { "; \($0.text)" } ?? "; no other backend can continue it"
    }

    /// Whether some engine of the model knows how to go on with such an answer.
    private var hasDialect: Bool {
        model.tiers.joined().contains { table.backends[$0].route.continuation.continues(request.order.route) }
    }

    // MARK: Accounts

    private func meterDocument(_ answer: Answer) {
        guard request.order.wish == .document, answer.head.status == 200 else { return }
        let held = answer.held
        usage = TokenUsage.find(in: held.readableBytesUInt8Span, 0..<held.readableBytes)
    }

    /// Counts and remembers the request, once, at its end.
    func account(_ outcome: RequestOutcome, code: Int, error: String? = nil) {
        isOver = true
        first?.ended(status: code, isOwn: isFirst)
        let transcript = relay?.transcript
        let end = RequestEnd(
            outcome, code: code, backend: lastBackend, isStream: relay != nil && accounts.events > 0,
            usage: transcript?.usage ?? usage, finishReason: transcript?.finishReason, errorCode: error)
        let record = accounts.record(identity, end, at: loop.now, wall: MetricsClock.system.wall())
        meters.count(record)
        loop.meters.closed(request.order.route)
        loop.recent.append(record)
    }

    private var identity: RequestIdentity {
        RequestIdentity(id: request.origin.id, route: request.order.route, model: model.route.name)
    }

    /// The request as it stands.
    func live(at now: Duration, wall: Timestamp) -> LiveRequest {
        accounts.live(identity, backend: lastBackend, isCommitted: exchange.isCommitted, at: now, wall: wall)
    }
}
