import StokerWire

/// What an event of a stream is, for whoever passes it on.
package enum EventKind: Sendable, Equatable {
    /// Comments or nothing: no data.
    case blank
    /// A piece of plain text, or a plain chunk that says nothing.
    case delta
    /// It says why the answer ends.
    case finish
    /// Counts after the end.
    case usage
    /// The engine's own words about a failure. It is not for the client if the stream can go on elsewhere.
    case error
    /// `data: [DONE]`
    case done
    /// Data that is no plain text: tools, reasoning, log probabilities, an unknown shape.
    case opaque
}

/// Reads the events of a stream as they pass, keeps what a continuation needs, and counts tokens.
///
/// An event that looks like the one before it, text aside, is compared and not parsed, and costs no allocation.
package struct EventWatch: Sendable {
    /// What has been sent so far.
    package private(set) var transcript: StreamTranscript
    private var template: EventTemplate?
    private var isFirst = true

    /// - Parameter keepsText: false when nobody will continue the stream: it is only counted.
    package init(_ route: Route, keepsText: Bool = true) {
        transcript = StreamTranscript(route, keepsText: keepsText)
    }

    /// Takes one whole event, as `EventCutter` hands it out.
    package mutating func take(_ bytes: borrowing Span<UInt8>, _ event: Range<Int>) -> EventKind {
        guard let template, let text = template.text(of: bytes, event) else { return takeStrictly(bytes, event) }
        if template.isReasoning {
            transcript.takeHidden(isReasoning: true)
            return .opaque
        }
        transcript.takeText(bytes, text)
        return .delta
    }

    private mutating func takeStrictly(_ bytes: borrowing Span<UInt8>, _ event: Range<Int>) -> EventKind {
        let fields = EventFields(bytes, event, isFirst: isFirst)
        isFirst = false
        switch fields.payload {
        case .none: return fields.isError ? .error : .blank
        case .joined(let payload): return takePayload(payload.span, fields.isError).kind
        case .line(let line):
            let (kind, facts) = takePayload(bytes.extracting(line), fields.isError)
            if let facts { learn(facts, kind, bytes, event, payload: line.lowerBound) }
            return kind
        }
    }

    private mutating func takePayload(
        _ payload: borrowing Span<UInt8>, _ isError: Bool
    ) -> (kind: EventKind, facts: ChunkFacts?) {
        if EventFields.isDone(payload) {
            transcript.takeDone()
            return (.done, nil)
        }
        if isError { return (.error, nil) }
        let facts = ChunkFacts(payload, route: transcript.route)
        if facts.isError { return (.error, nil) }
        guard transcript.route == .chat || transcript.route == .completions else {
            transcript.takeHidden(isReasoning: false)
            if let counts = TokenUsage.find(in: payload, 0..<payload.count) { transcript.takeUsage(counts) }
            return (.opaque, nil)
        }
        return (transcript.take(facts, payload), facts)
    }

    /// The next event of this form is read by comparison.
    private mutating func learn(
        _ facts: ChunkFacts, _ kind: EventKind, _ bytes: borrowing Span<UInt8>, _ event: Range<Int>, payload: Int
    ) {
        // A byte order mark begins a stream and no other event.
        guard bytes[event.lowerBound] != 0xEF, facts.obstacle == nil, facts.finish == nil, facts.usage == nil,
            (facts.text == nil) != (facts.reasoning == nil), let text = facts.text ?? facts.reasoning
        else { return }
        func placed(_ range: Range<Int>) -> Range<Int> { range.lowerBound &+ payload..<range.upperBound &+ payload }
        template = EventTemplate(
            bytes, event: event, text: placed(text), stamps: facts.stamps.map(placed), isReasoning: facts.text == nil)
    }
}

extension StreamTranscript {
    /// Takes a chunk as the client gets it, and says what it is.
    mutating func take(_ facts: ChunkFacts, _ payload: borrowing Span<UInt8>) -> EventKind {
        takeMarks(facts, payload)
        if facts.role != nil { takeRole() }
        if let obstacle = facts.obstacle {
            takeHidden(isReasoning: false)
            block(obstacle)
        }
        if facts.reasoning != nil { takeHidden(isReasoning: true) }
        if let text = facts.text, facts.obstacle == nil { takeText(payload, text) }
        if let finish = facts.finish { takeFinish(payload.text(in: finish)) }
        if let counts = facts.usage?.tokens { takeUsage(counts) }
        if facts.finish != nil { return .finish }
        if facts.obstacle != nil || facts.reasoning != nil { return .opaque }
        return facts.usage != nil && !facts.hasChoice ? .usage : .delta
    }
}
