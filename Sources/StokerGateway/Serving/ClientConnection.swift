import NIOCore
import NIOPosix
import StokerCore
import StokerWire

/// One client's connection: reads requests one after the other, answers what it can, forwards the rest.
/// Confined to its event loop.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

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
    private(set) var context: ChannelHandlerContext?
    private var phase = Phase.reading
    private var reader: RequestReader
    private var pendingHead: RequestHead?
    /// When the first byte of the present request came; nil between requests.
    private var beganAt: Duration?
    private var lastReadAt: Duration
    private var writeWatch = WriteWatch()
    private var hasServed = false
    private var needsFlush = false
    private var isReading = true
    private var inputClosedAt: Duration?
    private var hasProbed = false
    private var isPumping = false
    /// Whether the present response is the connection's last.
    private(set) var closesAfterResponse = false

    init(loop: GatewayLoop) {
        self.loop = loop
        limits = loop.table.limits
        reader = RequestReader(maxHead: limits.maxHead, maxBody: limits.maxBody)
        lastReadAt = loop.now
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .lingering = phase { return }
        lastReadAt = loop.now
        if beganAt == nil { beganAt = lastReadAt }
        reader.feed(unwrapInboundIn(data))
        pump()
        // A client that pipelines more than a head's worth while it is being served has to wait.
        if case .forwarding = phase, reader.buffered > limits.maxHead { setReading(false) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .forwarding(let forwarding) = phase { forwarding.clientCanTake(context.channel.isWritable) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        inputClosedAt = loop.now
        closesAfterResponse = true
        switch phase {
        case .forwarding: break
        // An answer of our own may still be on its way out.
        case .reading: linger()
        case .lingering, .closed: context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let before = phase
        phase = .closed
        self.context = nil
        loop.remove(self)
        if case .forwarding(let forwarding) = before { forwarding.clientGone() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

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
            count(Route(path: head.pathText), code: error.status)
            answer(error, id: id, closes: true)
            linger()
        } else if reader.buffered == 0 {
            write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
        }
    }

    private func arrived(_ body: ByteBuffer) {
        guard let head = pendingHead else { return }
        pendingHead = nil
        closesAfterResponse = closesAfterResponse || !head.keepsAlive || loop.isDraining
        let id = requestID(head)
        let startedAt = beganAt ?? lastReadAt
        switch Dispatch.decide(head, body: body, table: loop.table) {
        case .forward(let route, let model, let body):
            loop.meters.opened(route)
            let request = Forwarding.Request(route: route, head: head, body: body, id: id, startedAt: startedAt)
            let forwarding = Forwarding(request, of: model, for: self, on: loop)
            phase = .forwarding(forwarding)
            forwarding.start()
        case .answer(let route, let json):
            count(route, code: 200)
            answer(200, json: json, id: id, withBody: head.method != .head)
            responseEnded(closing: closesAfterResponse)
        case .refuse(let route, let error):
            count(route, code: error.status)
            answer(error, id: id, closes: closesAfterResponse, withBody: head.method != .head)
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
        count(.unknown, code: error.status)
        answer(error, id: loop.nextRequestID(), closes: true)
        linger()
    }

    private func count(_ route: Route, code: Int) {
        let elapsed = loop.now - (beganAt ?? lastReadAt)
        loop.meters.request(route, model: GatewayMetrics.unknownModel).finished(code: code, after: elapsed)
    }

    /// The request that is being served, nil between two.
    func live(at now: Duration, wall: Timestamp) -> LiveRequest? {
        guard case .forwarding(let forwarding) = phase else { return nil }
        return forwarding.live(at: now, wall: wall)
    }

    // MARK: Writing

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        writeWatch.wrote(bytes.readableBytes, at: loop.now)
        context.write(wrapOutboundOut(bytes), promise: nil)
        needsFlush = true
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    /// Answers with an error that leaves the connection usable.
    func answer(_ error: GatewayError, id: String) { answer(error, id: id, closes: closesAfterResponse) }

    private func answer(_ error: GatewayError, id: String, closes: Bool, withBody: Bool = true) {
        var extra: [(StaticString, String)] = []
        if let seconds = error.retryAfter { extra.append(("Retry-After", "\(seconds)")) }
        if let allow = error.allow { extra.append(("Allow", allow)) }
        write(
            loop.compose {
                MessageWriter.answer(
                    status: error.status, json: error.json, extra: extra, id: id, closes: closes, withBody: withBody,
                    into: &$0)
            })
    }

    private func answer(_ status: Int, json: String, id: String, withBody: Bool) {
        write(
            loop.compose {
                MessageWriter.answer(
                    status: status, json: json, id: id, closes: closesAfterResponse, withBody: withBody, into: &$0)
            })
    }

    /// The response is whole: on to the next request, or to the end.
    func responseEnded(closing: Bool) {
        hasServed = true
        beganAt = reader.buffered > 0 ? loop.now : nil
        lastReadAt = loop.now
        guard !closing else { return linger() }
        phase = .reading
        setReading(true)
        if reader.buffered > 0 { pump() }
    }

    /// The response cannot be finished: closing is what tells the client.
    func breakOff() {
        flush()
        linger()
    }

    /// Closes our side once everything is written, then waits a little for the client's.
    private func linger() {
        phase = .lingering(until: loop.now + Self.lingerTime)
        needsFlush = false
        guard let context else { return }
        setReading(true)
        let closed = context.eventLoop.makePromise(of: Void.self)
        let isGone = inputClosedAt != nil
        closed.futureResult.assumeIsolated().whenComplete { _ in
            if isGone { self.context?.close(promise: nil) } else { self.context?.close(mode: .output, promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: closed)
    }

    private func setReading(_ reads: Bool) {
        guard reads != isReading, let channel = context?.channel else { return }
        isReading = reads
        // Fails only on a closed channel, which reads nothing anyway.
        try? channel.syncOptions?.setOption(.autoRead, value: reads)
    }

    // MARK: Time

    /// Looks at the deadlines.
    func tick(_ now: Duration) {
        if isStuck(now) {
            loop.meters.disconnected(.slowReader)
            context?.close(promise: nil)
            return
        }
        switch phase {
        case .reading: tickReading(now)
        case .forwarding(let forwarding):
            probeHalfClosed(forwarding, now)
            forwarding.tick(now)
        case .lingering(let until):
            if now >= until { context?.close(promise: nil) }
        case .closed: break
        }
    }

    private func tickReading(_ now: Duration) {
        if reader.isBetweenRequests {
            let patience = hasServed ? Self.idleTimeout : limits.headTimeout
            if now - lastReadAt >= patience { context?.close(promise: nil) }
        } else {
            let since = reader.isInBody ? lastReadAt : beganAt ?? lastReadAt
            guard now - since >= limits.headTimeout else { return }
            loop.meters.rejected("slow_request")
            refuse(.slowRequest)
        }
    }

    private func isStuck(_ now: Duration) -> Bool {
        guard writeWatch.isPending, let channel = context?.channel else { return false }
        let buffered = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        return writeWatch.isStuck(buffered: buffered, now: now, timeout: limits.writeTimeout)
    }

    /// A client that has closed its side either waits for its answer or is gone; only an answer to something that we
    /// send tells which. HTTP/1.1 allows interim responses at any time before the final one (RFC 9110 section 15.2), so
    /// one is sent: who waits skips it, who is gone answers with a reset, and the backend is spared.
    private func probeHalfClosed(_ forwarding: Forwarding, _ now: Duration) {
        guard let inputClosedAt, !hasProbed, !forwarding.isCommitted, !forwarding.clientIsHTTP10,
            now - inputClosedAt >= GatewayLoop.tickInterval
        else { return }
        hasProbed = true
        write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
        flush()
    }

    /// The gateway is about to end: so does this connection, after the response that it is busy with.
    func drain() {
        closesAfterResponse = true
        guard case .reading = phase, reader.isBetweenRequests else { return }
        context?.close(promise: nil)
    }
}

/// Notices a client that takes nothing: counts what was written against what is still buffered.
struct WriteWatch {
    private var written = 0
    private var taken = 0
    private var progressAt = Duration.zero

    /// Whether some of what was written may not have been taken yet.
    var isPending: Bool { written != taken }

    mutating func wrote(_ bytes: Int, at now: @autoclosure () -> Duration) {
        if !isPending { progressAt = now() }
        written &+= bytes
    }

    /// - Parameter buffered: bytes written that the kernel has not taken.
    mutating func isStuck(buffered: Int, now: Duration, timeout: Duration) -> Bool {
        let nowTaken = written &- buffered
        if nowTaken != taken {
            taken = nowTaken
            progressAt = now
        }
        return buffered > 0 && now - progressAt >= timeout
    }
}
