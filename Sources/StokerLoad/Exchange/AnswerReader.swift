package import StokerWire

/// Reads one answer as its bytes come: bytes and time in, marks out, no I/O.
package struct AnswerReader: Sendable {
    /// What is known after some bytes or the connection's end.
    package enum Progress: Sendable, Equatable {
        case more
        /// The answer is whole. `reusable`: the connection may carry another request.
        case whole(reusable: Bool)
        case failed(Outcome)
    }

    private enum State {
        case head(HeadFinder)
        case body(BodyScanner, BodyKind)
        case over
    }

    /// How the body is looked at.
    private enum BodyKind {
        case stream
        /// Kept, for its usage or the words of its error.
        case document
        /// Counted only.
        case bytes
    }

    private static let maxHead = 64 << 10
    /// Of a whole answer; what is beyond it is counted and not kept.
    private static let maxDocument = 1 << 20

    package private(set) var marks = StreamMarks()
    package private(set) var status = 0
    /// When the head was whole; 0: not yet.
    package private(set) var headAt: Nanoseconds = 0
    /// All that came, framing included.
    package private(set) var byteCount = 0

    private let endpoint: LoadTarget.Endpoint
    private var state = State.head(HeadFinder())
    private var events = EventScanner()
    private var unread: [UInt8] = []
    private var document: [UInt8] = []
    private var keepsAlive = false
    private var content = ResponseHead.Content.unnamed

    /// Whether the answer is a stream of tokens.
    package var isEventStream: Bool { content == .eventStream && endpoint != .http }

    package init(_ endpoint: LoadTarget.Endpoint) { self.endpoint = endpoint }

    /// Takes what one read returned, at the time it did.
    package mutating func take(_ bytes: borrowing Span<UInt8>, at now: Nanoseconds) -> Progress {
        byteCount &+= bytes.count
        var index = 0
        do throws(WireFault) {
            while case .head(let finder) = state {
                guard try takeHead(bytes, from: &index, finder, at: now) else { return .more }
            }
            return try takeBody(bytes, from: index, at: now)
        } catch {
            state = .over
            return .failed(.malformed)
        }
    }

    /// The server has closed its side.
    package mutating func closed(at now: Nanoseconds) -> Progress {
        defer { state = .over }
        switch state {
        case .head: return .failed(byteCount == 0 ? .closedEarly : .truncated)
        case .body(let scanner, _) where scanner.endsWithConnection:
            return finish(reusable: false, at: now)
        case .body: return .failed(.truncated)
        case .over: return .failed(.closedEarly)
        }
    }

    /// What of the answer shows best why it failed: its error object, else the beginning of its body.
    package var sample: String {
        if let error = marks.error { return error }
        return document.span.text(in: 0..<min(document.count, StreamMarks.maxSample))
    }

    /// The server's own count: of the stream, or of the whole answer.
    package var usage: TokenUsage? {
        marks.usage ?? (document.isEmpty ? nil : TokenUsage.find(in: document.span, 0..<document.count))
    }

    // MARK: - Head

    /// Returns whether a head was whole; an interim one (1xx) only makes way for the next.
    private mutating func takeHead(
        _ bytes: borrowing Span<UInt8>, from index: inout Int, _ before: HeadFinder, at now: Nanoseconds
    ) throws(WireFault) -> Bool {
        var finder = before
        let rest = bytes.extracting(index..<bytes.count)
        let head: ResponseHead
        if unread.isEmpty, let end = try finder.end(in: rest, limit: Self.maxHead) {
            head = try ResponseHead.parse(rest.extracting(0..<end))
            index += end
        } else {
            let kept = unread.count
            rest.withUnsafeBufferPointer { unread.append(contentsOf: $0) }
            guard let end = try finder.end(in: unread.span, limit: Self.maxHead) else {
                state = .head(finder)
                index = bytes.count
                return false
            }
            head = try ResponseHead.parse(unread.span.extracting(0..<end))
            index += end - kept
            unread = []
        }
        if head.isInterim {
            // 101 would make another protocol of it, and nobody asked for one.
            guard head.status != 101 else { throw .unexpectedInterim }
            state = .head(HeadFinder())
            return index < bytes.count
        }
        begin(head, at: now)
        return true
    }

    private mutating func begin(_ head: ResponseHead, at now: Nanoseconds) {
        status = head.status
        headAt = now
        keepsAlive = head.keepsAlive
        content = head.content
        let kind: BodyKind =
            switch (head.status, endpoint) {
            case (200, .http): .bytes
            case (200, _) where head.isEventStream: .stream
            default: .document
            }
        state = .body(BodyScanner(head.framing), kind)
    }

    // MARK: - Body

    private mutating func takeBody(
        _ bytes: borrowing Span<UInt8>, from start: Int, at now: Nanoseconds
    ) throws(WireFault) -> Progress {
        guard case .body(var scanner, let kind) = state else { return .failed(.malformed) }
        var index = start
        while let stretch = try scanner.next(bytes, at: &index) {
            switch kind {
            case .stream: events.take(bytes, stretch, into: &marks, at: now)
            case .document: keep(bytes, stretch)
            case .bytes: break
            }
        }
        state = .body(scanner, kind)
        if events.isTooLarge { return .failed(.eventTooLarge) }
        guard scanner.isDone else { return .more }
        // Bytes behind the answer belong to nothing; the connection is not trusted again.
        return finish(reusable: keepsAlive && index == bytes.count, at: now)
    }

    private mutating func keep(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        let room = Self.maxDocument - document.count
        let part = range.prefix(max(0, room))
        bytes.extracting(part).withUnsafeBufferPointer { document.append(contentsOf: $0) }
    }

    private mutating func finish(reusable: Bool, at now: Nanoseconds) -> Progress {
        defer { state = .over }
        if case .body(_, .stream) = state { events.finish(into: &marks, at: now) }
        return .whole(reusable: reusable)
    }

    /// How a whole answer is to be judged.
    package var outcome: Outcome {
        switch status {
        case 200...299: return endpoint == .http ? .ok : answerOutcome
        case 300...399: return .redirect
        case 429: return .rateLimited
        case 503: return .unavailable
        case 500...: return .serverError
        default: return .clientError
        }
    }

    /// A status of 200 says nothing yet.
    private var answerOutcome: Outcome {
        switch content {
        case .eventStream:
            if marks.error != nil { return .streamError }
            if marks.tokenEvents == 0 { return .noToken }
            return marks.isFinished ? .ok : .unfinished
        case .json:
            return EventFacts.isError(document.span, 0..<document.count) ? .streamError : .ok
        case .other, .unnamed: return .wrongContentType
        }
    }
}
