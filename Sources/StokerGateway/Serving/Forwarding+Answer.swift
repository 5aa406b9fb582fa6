import NIOCore
import StokerCore
import StokerWire

/// What the client gets.
extension Forwarding {
    /// Whether the connection ends with this answer.
    private var closes: Bool { client.closesAfterResponse || framing == .raw }

    /// The first of the answer may go out, or the first after a seam.
    func commit() {
        guard let answer else { return }
        seam.transcript = nil
        seam.dialect = seam.dialect ?? attempt?.backend.route.continuation
        committedAt = committedAt ?? loop.now
        if framing == nil {
            let whole = ClientFraming(answer.head, clientIsHTTP10: clientIsHTTP10)
            // A stream is framed anew: what follows may come from elsewhere.
            writeHead(of: answer, framing: isRelayed && whole != .raw ? .chunked : whole)
        }
        if isRelayed { writeEvents() } else { writeHeld() }
    }

    /// Whether the present answer is read event by event.
    var isRelayed: Bool {
        guard relay != nil, let head = answer?.head else { return false }
        return head.status == 200 && head.isEventStream
    }

    private func writeHead(of answer: Answer, framing: ClientFraming) {
        self.framing = framing
        status = answer.head.status
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

    private func write(_ text: String) { write(Array(text.utf8)) }
    private func write(_ bytes: [UInt8]) { write(bytes.span, 0..<bytes.count) }

    /// A sign of life for whatever stands between us and the client. It brings a status line with it when there is none
    /// yet; a failure can then no longer be one.
    func sayNothing() {
        if framing == nil {
            let framing = clientIsHTTP10 ? ClientFraming.raw : .chunked
            self.framing = framing
            status = 200
            let closes = self.closes
            client.write {
                MessageWriter.earlyStreamHead(framing: framing, id: request.origin.id, closes: closes, into: &$0)
            }
        }
        write(": keep-alive\n\n")
    }

    /// Ends the answer as a whole one.
    ///
    /// - Parameter isBroken: the backend broke off behind the last token, and what it owes is written here.
    func finish(isBroken: Bool) {
        if framing == nil {
            guard let answer else { return }
            // Whole before the client has a byte of it: its length is known.
            let framing = ClientFraming(answer.head, clientIsHTTP10: clientIsHTTP10)
            committedAt = loop.now
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
        account(code: status)
        client.responseEnded(closing: closes)
    }

    /// Nothing was sent: the answer is an error.
    func refuse(_ refusal: Exchange.Refusal) {
        let error = error(for: refusal)
        leaveAttempt()
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
            noteBreak(failure)
            let backend = table.backends[place]
            switch failure {
            case .connect, .connectTimeout: return .noBackend(model.route.name, why: table.troubles(of: model))
            case .firstTokenTimeout, .stalled, .frozen: return .timeout(backend.route.name, why: failure.text)
            default: return .badGateway(backend.route.name, why: failure.text)
            }
        }
    }

    /// Ends an answer of which the client has a part: with an error event where one can still be read, then by closing.
    ///
    /// The body stays unfinished on purpose: the missing last chunk tells every client that the answer is not whole.
    func breakOff(_ failure: AttemptFailure) {
        if let relay {
            if relay.isFinished { return finish(isBroken: true) }
            let transcript = seam.transcript ?? relay.transcript
            let obstacle = exchange.isCommitted ? seam.obstacle(of: request.order, transcript) : nil
            let why = obstacle.map { "; \($0.text)" } ?? ""
            if seam.transcript == nil { noteBreak(failure) }
            let name = attempt?.backend.route.name ?? ""
            write("data: \(GatewayError.badGateway(name, why: failure.text + why).json)\n\n")
        } else {
            noteBreak(failure)
        }
        loop.meters.retryDenied(.streamStarted)
        leaveAttempt()
        account(code: status)
        client.breakOff()
    }

    /// Failures that a deadline found, not the connection.
    func noteBreak(_ failure: AttemptFailure) {
        guard let attempt, failure == .stalled || failure == .firstTokenTimeout else { return }
        lastFailure = failure
        let meters = loop.meters.backend(attempt.backend.cell)
        meters.failed(failure)
        meters.stalled(isStreaming: failure == .stalled)
    }

    // MARK: Accounts

    private func meterDocument(_ answer: Answer) {
        guard request.order.wish == .document, answer.head.status == 200 else { return }
        usage = TokenUsage.find(in: answer.held.readableBytesUInt8Span, 0..<answer.held.readableBytes)
    }

    /// Counts the request, once, at its end.
    func account(code: Int) {
        isOver = true
        let now = loop.now
        let meters = loop.meters.request(request.order.route, model: model.route.name)
        meters.finished(code: code, after: now - request.startedAt)
        loop.meters.closed(request.order.route)
        guard let committedAt, status == 200 else { return }
        let transcript = relay?.transcript
        if let input = (transcript?.usage ?? usage)?.input { meters.read(input) }
        let output = transcript?.outputTokens ?? usage?.output ?? 0
        meters.wrote(output)
        guard transcript != nil else { return }
        meters.streamed(
            firstToken: committedAt - request.startedAt, elapsed: now - request.startedAt, tokens: output)
    }
}
