import NIOCore
import StokerWire

/// The stream that a client gets, from the events of one backend or of several in turn: only whole events go on, and
/// each is looked at on the way. A value without I/O.
///
/// The first backend's events go on byte for byte; those after a seam are rewritten to fit.
package struct StreamRelay {
    /// What whole events mean for the decision.
    package enum News: Equatable {
        /// Comments and the like.
        case blank
        case sound
    }

    /// A stream at rest keeps no more storage than this.
    private static let keptStorage = 4 << 10

    private let route: Route
    private let keepsText: Bool
    private var watch: EventWatch
    /// Since the latest seam.
    private var splicer: StreamSplicer?
    private var cutter = EventCutter()
    /// Whole events for the client.
    private var events = ByteBuffer()
    private var news: News?
    /// The answer is whole, whatever the backend goes on to say.
    package private(set) var isOver = false
    /// An event was too long to be held: from there on bytes are passed on as they come, and not looked at.
    private(set) var isRaw = false

    package init(_ route: Route, keepsText: Bool) {
        self.route = route
        self.keepsText = keepsText
        watch = EventWatch(route, keepsText: keepsText)
    }

    /// What the client has, or gets with the next `takeEvents`.
    package var transcript: StreamTranscript { splicer?.transcript ?? watch.transcript }

    /// Events with a token in them so far.
    package var tokenEvents: Int { splicer?.transcript.events ?? watch.transcript.events }

    /// Whether the stream has said how it ends.
    package var isFinished: Bool {
        let transcript = self.transcript
        return isOver || transcript.isDone || transcript.finishReason != nil
    }

    // MARK: Answers

    /// Another backend's answer follows, of which the client knows nothing; what came of the last one is dropped.
    package mutating func beginAnswer() {
        watch = EventWatch(route, keepsText: keepsText)
        forget()
    }

    /// Another backend goes on with the stream.
    ///
    /// - Parameters:
    ///   - transcript: what the client has.
    ///   - opening: bytes that stand before the first event.
    package mutating func beginContinuation(
        of transcript: StreamTranscript, _ request: ContinuationRequest, opening: [UInt8]
    ) {
        splicer = StreamSplicer(continuing: transcript, request)
        forget()
        events.writeBytes(opening)
    }

    private mutating func forget() {
        cutter = EventCutter()
        events.clear()
        news = nil
        isRaw = false
    }

    // MARK: Events

    /// Takes a stretch of body data.
    ///
    /// - Returns: why the answer is not worth going on with; what came before that is news.
    package mutating func take(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> AttemptFailure? {
        if isRaw { return takeRaw(bytes, range) }
        var index = range.lowerBound
        while !isOver {
            let failure: AttemptFailure?
            switch cutter.next(bytes, at: &index, to: range.upperBound) {
            case .needsMore: return nil
            case .tooLarge:
                guard splicer == nil else { return .eventTooLarge }
                return takeRaw(bytes, index..<range.upperBound)
            case .event(let place): failure = take(event: bytes, place)
            case .carried:
                let carried = cutter.carried
                failure = take(event: carried.span, 0..<carried.count)
            }
            if let failure { return failure }
        }
        return nil
    }

    private mutating func takeRaw(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> AttemptFailure? {
        if !isRaw {
            events.writeBytes(cutter.carried)
            cutter = EventCutter()
        }
        isRaw = true
        events.writeBytes(bytes.extracting(range).bytes)
        news = .sound
        return nil
    }

    private mutating func take(event bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> AttemptFailure? {
        if let verdict = splicer?.take(bytes, range) { return carryOut(verdict, bytes, range) }
        return pass(bytes, range, as: watch.take(bytes, range))
    }

    private mutating func pass(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, as kind: EventKind
    ) -> AttemptFailure? {
        switch kind {
        case .blank: news = news ?? .blank
        case .error:
            // What the client did wrong would be wrong elsewhere, too: it is told so in the engine's words.
            guard EventError.isClients(bytes, range) else { return .errorEvent(EventError.message(bytes, range)) }
            isOver = true
            news = .sound
        case .delta, .finish, .usage, .done, .opaque: news = .sound
        }
        events.writeBytes(bytes.extracting(range).bytes)
        return nil
    }

    private mutating func carryOut(
        _ verdict: StreamSplicer.Verdict, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> AttemptFailure? {
        switch verdict {
        case .drop: news = .sound
        case .comment(let event):
            events.writeBytes(event)
            news = news ?? .blank
        case .forward(let event):
            events.writeBytes(event)
            news = .sound
        case .end(let last):
            events.writeBytes(last)
            news = .sound
            isOver = true
        case .failed: return .errorEvent(EventError.message(bytes, range))
        case .breakOff(let obstacle): return .unfit(obstacle.text)
        }
        return nil
    }

    /// What came since the last time.
    package mutating func takeNews() -> News? { news.take() }

    /// Writes the events that are the client's now; they are not kept.
    package mutating func takeEvents(_ write: (borrowing Span<UInt8>) -> Void) {
        if events.readableBytes > 0 { write(events.readableBytesUInt8Span) }
        if events.storageCapacity > Self.keptStorage { events = ByteBuffer() } else { events.clear() }
    }

    // MARK: Ending

    /// What the stream lacks for a regular end that no backend gives it any more.
    package mutating func close(includesUsage: Bool) -> [UInt8] {
        guard !isOver else { return [] }
        isOver = true
        var transcript = self.transcript
        return transcript.close(.length, includesUsage: includesUsage)
    }

    /// The beginning of an event that is never completed, at the regular end of a body: byte for byte means that, too.
    package mutating func takeRest() -> [UInt8] {
        guard splicer == nil, !isOver, cutter.finish() else { return [] }
        return cutter.carried
    }
}

/// Reads what an engine says of a failure.
enum EventError {
    /// Of a message.
    private static let maxMessage = 256

    /// Whether the request itself is wrong: a code of 400 to 499, but for "too many" of them.
    static func isClients(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard let code = JSONKeySearch.number(of: "\"code\"", in: bytes, range) else { return false }
        return (400...499).contains(code) && code != 429 && code != 408
    }

    /// The engine's message, shortened; empty when it gives none.
    static func message(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> String {
        guard let start = JSONKeySearch.value(of: "\"message\"", in: bytes, range), bytes[start] == ASCII.quote else {
            return "no message"
        }
        var scanner = JSONScanner(at: start)
        guard let text = try? scanner.string(bytes), let message = JSONText.decode(text, in: bytes) else {
            return "no message"
        }
        return message.count > maxMessage ? message.prefix(maxMessage) + "…" : message
    }
}
