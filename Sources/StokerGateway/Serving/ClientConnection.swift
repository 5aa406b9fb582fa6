import NIOCore
import StokerCore
import StokerMetrics
import StokerNet
import StokerWire

/// One client's connection: reads requests one after the other, answers what it can, forwards the rest.
/// Confined to its loop.
final class ClientConnection {
    private enum Phase {
        case reading
        case forwarding(Forwarding)
        /// Everything is said; waits for the client to hang up, so that our close does not destroy what it still reads.
        case lingering(until: Duration)
        case closed
    }

    /// Between two requests; longer than what load balancers in front use (AWS: 60 s), so that they close first.
    private static let idleTimeout = Duration.seconds(75)
    private static let lingerTime = Duration.seconds(2)

    var limits: ClientLimits
    let loop: GatewayLoop
    /// What backends are told of the client, as header lines.
    let forwarded: String
    /// A hash of where it comes from, for clients that do not say who they are.
    private let peerHash: UInt64
    private var socket: StreamSocket?
    private var phase = Phase.reading
    private var reader: RequestReader
    private var pendingHead: RequestHead?
    /// When the first byte of the present request came; nil between requests.
    private var beganAt: Duration?
    private var lastReadAt: Duration
    private var writeWatch = WriteWatch()
    private var hasServed = false
    /// TLS is not yet agreed on: not a byte of HTTP has come or gone.
    private var isShakingHands = false
    private var inputClosedAt: Duration?
    private var hasProbed = false
    private var isPumping = false
    private var isHTTP10 = false
    /// It took nothing for too long.
    private var isCutOff = false
    private var closes = false

    /// Whether the present response is the connection's last.
    var closesAfterResponse: Bool { closes || (inputClosedAt != nil && reader.buffered == 0) }
    /// What an answer that can be whole says of the connection.
    var persistence: Persistence { closesAfterResponse ? .closes : isHTTP10 ? .told : .usual }

    init(loop: GatewayLoop, peer: String?) {
        self.loop = loop
        limits = loop.table.limits
        peerHash = PrefixHash.of(peer ?? "")
        reader = RequestReader(maxHead: limits.maxHead, maxBody: limits.maxBody)
        lastReadAt = loop.now
        let proto = loop.table.security.isPlain ? "X-Forwarded-Proto: http\r\n" : "X-Forwarded-Proto: https\r\n"
        forwarded = peer.map { "X-Forwarded-For: \($0)\r\n\(proto)" } ?? proto
    }

    /// Begins to serve; false when that cannot be, and the connection is closed.
    func start(_ accepted: AcceptedSocket) -> Bool {
        switch loop.table.security.welcome {
        case .plain: socket = loop.events.adopt(accepted.descriptor, owner: self)
        case .tls(let server):
            guard let session = server.session(over: accepted.descriptor) else { return turnAway(accepted) }
            isShakingHands = true
            socket = loop.events.adopt(accepted.descriptor, owner: self, tls: session)
        case .nobody: return turnAway(accepted)
        }
        return socket != nil
    }

    private func turnAway(_ accepted: AcceptedSocket) -> Bool {
        loop.meters.rejected("tls")
        accepted.close()
        return false
    }

    // MARK: Reading

    /// Takes as many requests as can be answered at once.
    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while case .reading = phase {
            do throws(RequestFault) {
                switch try reader.next() {
                case .needsMore: return
                case .head(let head): began(head)
                case .complete(let body): arrived(body)
                }
            } catch {
                refuse(error)
            }
        }
    }

    /// Refuses early what would be refused anyway, and asks for the body of a client that waits to be asked.
    private func began(_ head: RequestHead) {
        pendingHead = head
        guard head.expectsContinue, head.framing != .none else { return }
        if let error = Dispatch.earlyError(head) {
            let id = requestID(head)
            refused(head.route, error, id: id)
            closes = true
            answer(error, id: id)
            linger()
        } else if reader.buffered == 0 {
            write { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
        }
    }

    private func arrived(_ body: ByteBuffer) {
        guard let head = pendingHead else { return }
        pendingHead = nil
        closes = closes || !head.keepsAlive || loop.isDraining
        isHTTP10 = head.isHTTP10
        let id = requestID(head)
        let startedAt = beganAt ?? lastReadAt
        switch Dispatch.decide(head, body: body, from: peerHash, table: loop.table) {
        case .forward(let order):
            loop.meters.opened(order.route)
            let trace = TraceParent(head.value(of: .traceparent), draw: loop.drawNumber)
            let origin = RequestOrigin(id: id, forwarded: forwarded, trace: trace)
            let request = Forwarding.Request(order: order, head: head, origin: origin, startedAt: startedAt)
            let forwarding = Forwarding(request, for: self, on: loop)
            phase = .forwarding(forwarding)
            forwarding.start()
        case .answer(let route, let json):
            count(route, code: 200)
            answer(200, json: json, id: id, withBody: head.method != .head)
            responseEnded(closing: closesAfterResponse)
        case .refuse(let route, let error):
            refused(route, error, id: id)
            answer(error, id: id, withBody: head.method != .head)
            responseEnded(closing: closesAfterResponse)
        }
    }

    /// The client's own id where it is harmless, else a new one.
    private func requestID(_ head: RequestHead) -> String {
        if let id = head.value(of: .xRequestID), RequestIDs.isAcceptable(id) { return id }
        return loop.nextRequestID()
    }

    /// What follows a broken request cannot be read: one answer, then the connection ends.
    private func refuse(_ fault: RequestFault) {
        if case .malformed(let wire) = fault {
            loop.meters.rejected("\(wire)")
        } else {
            loop.meters.rejected("\(fault)")
        }
        refuse(.refused(fault, limits: limits))
    }

    private func refuse(_ error: GatewayError) {
        let id = loop.nextRequestID()
        refused(.unknown, error, id: id)
        closes = true
        answer(error, id: id)
        linger()
    }

    private func count(_ route: Route, code: Int) {
        let elapsed = loop.now - (beganAt ?? lastReadAt)
        loop.meters.request(route, model: GatewayMetrics.unknownModel).finished(code: code, after: elapsed)
    }

    /// Counts and remembers a request that no backend was asked for.
    private func refused(_ route: Route, _ error: GatewayError, id: String) {
        let identity = RequestIdentity(id: id, route: route, model: GatewayMetrics.unknownModel)
        let record = RequestMeter(startedAt: beganAt ?? lastReadAt).record(
            identity, RequestEnd(.refused, code: error.status, errorCode: error.code), at: loop.now,
            wall: MetricsClock.system.wall())
        loop.meters.request(route, model: identity.model).count(record)
        loop.recent.append(record)
    }

    /// The request that is being served, nil between two.
    func live(at now: Duration, wall: Timestamp) -> LiveRequest? {
        guard case .forwarding(let forwarding) = phase else { return nil }
        return forwarding.live(at: now, wall: wall)
    }

    // MARK: Writing

    /// Lets `build` add to what is sent with the next `flush`.
    func write(_ build: (inout ByteBuffer) -> Void) {
        guard let socket else { return }
        build(&socket.output)
    }

    func flush() { socket?.flush() }

    /// Answers with an error.
    func answer(_ error: GatewayError, id: String, withBody: Bool = true) {
        var extra: [(StaticString, String)] = []
        if let seconds = error.retryAfter { extra.append(("Retry-After", "\(seconds)")) }
        if let allow = error.allow { extra.append(("Allow", allow)) }
        answer(error.status, json: error.json, extra: extra, id: id, withBody: withBody)
    }

    private func answer(
        _ status: Int, json: String, extra: [(StaticString, String)] = [], id: String, withBody: Bool
    ) {
        let persistence = self.persistence
        write {
            MessageWriter.answer(
                status: status, json: json, extra: extra, id: id, persistence: persistence, withBody: withBody,
                into: &$0)
        }
    }

    /// The response is whole: on to the next request, or to the end.
    func responseEnded(closing: Bool) {
        hasServed = true
        beganAt = reader.buffered > 0 ? loop.now : nil
        lastReadAt = loop.now
        guard !closing else { return linger() }
        phase = .reading
        socket?.setReading(true)
        if reader.buffered > 0 { pump() }
        lingerIfInputEnded()
    }

    /// Nothing more can come: what was begun is never completed.
    private func lingerIfInputEnded() {
        if case .reading = phase, inputClosedAt != nil { linger() }
    }

    /// The response cannot be finished: closing is what tells the client.
    func breakOff() { linger() }

    /// Closes our side once everything is written, then waits a little for the client's.
    private func linger() {
        phase = .lingering(until: loop.now + Self.lingerTime)
        socket?.setReading(true)
        socket?.endOutput()
        leaveIfBothEnded()
    }

    private func leaveIfBothEnded() {
        if inputClosedAt != nil, socket?.unsent ?? 0 == 0 { close() }
    }

    private func close() {
        socket?.close()
        ended()
    }

    private func ended() {
        if isShakingHands { loop.meters.rejected("tls") }
        isShakingHands = false
        let before = phase
        phase = .closed
        socket = nil
        loop.remove(self)
        if case .forwarding(let forwarding) = before { forwarding.clientGone(isSlow: isCutOff) }
    }

    // MARK: Time

    /// Looks at the deadlines.
    func tick(_ now: Duration) {
        guard let socket else { return }
        if writeWatch.isStuck(unsent: socket.unsent, sent: socket.sent, now: now, timeout: limits.writeTimeout) {
            isCutOff = true
            // Its request counts it, unless that is over and only the bytes are left.
            if case .forwarding = phase {} else { loop.meters.disconnected(.slowReader) }
            return close()
        }
        switch phase {
        case .reading: tickReading(now)
        case .forwarding(let forwarding):
            probeHalfClosed(forwarding, now)
            forwarding.tick(now)
        case .lingering(let until): if now >= until { close() } else { leaveIfBothEnded() }
        case .closed: break
        }
    }

    private func tickReading(_ now: Duration) {
        if reader.isBetweenRequests {
            let patience = hasServed ? Self.idleTimeout : limits.headTimeout
            if now - lastReadAt >= patience { close() }
        } else {
            let since = reader.isInBody ? lastReadAt : beganAt ?? lastReadAt
            guard now - since >= limits.headTimeout else { return }
            loop.meters.rejected("slow_request")
            refuse(.slowRequest)
        }
    }

    /// A client that has closed its side either waits for its answer or is gone; only an answer to something that we
    /// send tells which. HTTP/1.1 allows interim responses at any time before the final one (RFC 9110 section 15.2), so
    /// one is sent: who waits skips it, who is gone answers with a reset, and the backend is spared.
    private func probeHalfClosed(_ forwarding: Forwarding, _ now: Duration) {
        guard let inputClosedAt, !hasProbed, !forwarding.hasHead, !forwarding.clientIsHTTP10,
            now - inputClosedAt >= GatewayLoop.tickInterval
        else { return }
        hasProbed = true
        write { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
        flush()
    }

    /// The gateway is about to end: so does this connection, after the response that it is busy with.
    func drain() {
        closes = true
        guard case .reading = phase, reader.isBetweenRequests else { return }
        close()
    }

    /// Another gateway takes the new ones: so this connection ends, but never without a word. One that is idle may have
    /// the client's next request on its way to us, so it is closed by the answer to that, or when it has been idle for
    /// long; one in the middle of an answer may have told the client that it will stay open.
    func leave() {
        if case .forwarding(let forwarding) = phase, !forwarding.hasHead { closes = true }
    }
}

extension ClientConnection: StreamOwner {
    func connected() {
        isShakingHands = false
        lastReadAt = loop.now
    }

    func received(_ bytes: borrowing Span<UInt8>) {
        if case .lingering = phase { return }
        lastReadAt = loop.now
        if beganAt == nil { beganAt = lastReadAt }
        reader.feed(bytes)
        pump()
        // A client that pipelines more than a head's worth while it is being served has to wait.
        if case .forwarding = phase, reader.buffered > limits.maxHead { socket?.setReading(false) }
    }

    func receivedAll() { flush() }

    func inputEnded() {
        inputClosedAt = loop.now
        switch phase {
        case .forwarding: break
        // An answer of our own may still be on its way out.
        case .reading: linger()
        case .lingering, .closed: leaveIfBothEnded()
        }
    }

    func failed(_ failure: TransferFailure) { ended() }

    func outputPiles(_ isPiling: Bool) {
        if case .forwarding(let forwarding) = phase { forwarding.clientCanTake(!isPiling) }
    }
}

/// Notices a client that takes nothing.
struct WriteWatch {
    private var sent = 0
    private var progressAt = Duration.zero

    /// - Parameters:
    ///   - unsent: bytes written that the kernel has not taken.
    ///   - sent: all bytes that it has taken so far.
    mutating func isStuck(unsent: Int, sent: Int, now: Duration, timeout: Duration) -> Bool {
        if unsent == 0 || sent != self.sent {
            self.sent = sent
            progressAt = now
        }
        return now - progressAt >= timeout
    }
}
