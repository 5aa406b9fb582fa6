import NIOCore
import StokerWire

/// The stream that a client gets, from the events of one backend or of several in turn: only whole events go on, byte
/// for byte, and each is looked at on the way. A value without I/O.
struct StreamRelay {
    /// What whole events mean for the decision.
    enum News: Equatable {
        /// Comments and the like.
        case blank
        case sound
    }

    private var cutter = EventCutter()
    /// Whole events for the client.
    private var events = ByteBuffer()
    private var news: News?

    /// Whether the stream has said how it ends.
    private(set) var isFinished = false

    /// Another backend's answer follows; what of the last one has not been taken is dropped.
    mutating func beginAnswer() {
        cutter = EventCutter()
        events.clear()
        news = nil
    }

    /// Takes a stretch of body data.
    ///
    /// - Returns: why the stream is not worth going on with; what came before that is news.
    mutating func take(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> AttemptFailure? {
        var index = range.lowerBound
        while true {
            switch cutter.next(bytes, at: &index, to: range.upperBound) {
            case .needsMore: return nil
            case .tooLarge: return .eventTooLarge
            case .event(let place): take(event: bytes, place)
            case .carried:
                let carried = cutter.carried
                take(event: carried.span, 0..<carried.count)
            }
        }
    }

    private mutating func take(event bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        events.writeBytes(bytes.extracting(range).bytes)
        news = .sound
    }

    /// What came since the last time.
    mutating func takeNews() -> News? { news.take() }

    /// The events that are the client's now.
    mutating func takeEvents() -> ByteBuffer {
        defer { events.clear() }
        return events
    }

    /// The stream is over: what is left of it.
    mutating func finish() -> ByteBuffer? { nil }
}
