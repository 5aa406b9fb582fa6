import StokerWire

/// Makes one stream of two: takes the events of the backend that goes on, and writes them as if the first had gone on.
///
/// One id, time and model; the role once; counts for the whole; the end mark once; stop texts that reach over the seam.
/// An engine that repeats the whole text in its first event is cured of it; one that begins anew token by token cannot
/// be told from a model that repeats itself.
package struct StreamSplicer: Sendable {
    /// Shorter texts may well come twice: an echo is not told from a repetition.
    private static let shortestEcho = 16

    /// What becomes of an event.
    package enum Verdict: Sendable, Equatable {
        /// Send this.
        case forward([UInt8])
        /// Send this with whatever says something: a comment, which no backend has to mean anything by.
        case comment([UInt8])
        /// Nothing is to be sent, now at least.
        case drop
        /// Send this, and the answer is whole: what the backend still says is not needed.
        case end([UInt8])
        /// The engine reports a failure; nothing of it is for the client, and another seam may follow.
        case failed
        /// What came cannot be part of the stream.
        case breakOff(ContinuationObstacle)
    }

    /// What has been sent so far, on both sides of the seam; a further seam begins with it.
    package private(set) var transcript: StreamTranscript
    private let includesStop: Bool
    private let includesUsage: Bool
    /// When the stream was broken off.
    private let tokensBefore: Int
    private let textTokensBefore: Int
    private let promptBefore: Int?
    private let wordsBefore: String
    private let hadRole: Bool

    /// Nil once no stop text can reach over the seam.
    private var search: StopSearch?
    /// Events that wait, because their text may belong to a stop text.
    private var held: [Held] = []
    private var isFirst = true
    private var hasText = false

    private struct Held: Sendable {
        var bytes: [UInt8]
        var text: [UInt8]
        var usage: TokenUsage?
    }

    /// - Parameter transcript: what the client has; its `fitness` is `plain`.
    package init(continuing transcript: StreamTranscript, _ request: ContinuationRequest) {
        self.transcript = transcript
        includesStop = request.includesStop
        includesUsage = request.includesUsage
        tokensBefore = transcript.outputTokens
        textTokensBefore = transcript.textTokens
        promptBefore = transcript.promptTokens
        wordsBefore = transcript.words ?? ""
        hadRole = transcript.hasRole
        if !request.stops.isEmpty, !wordsBefore.isEmpty { search = StopSearch(request.stops, after: wordsBefore) }
    }

    /// A comment for whoever reads the stream by eye; clients skip it.
    package static func seamComment(backend: String, reason: String) -> [UInt8] {
        Array(": stoker: continued on \(oneLine(backend)) after \(oneLine(reason))\n\n".utf8)
    }

    private static func oneLine(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
    }

    /// Takes one whole event of the backend that goes on.
    package mutating func take(_ bytes: borrowing Span<UInt8>, _ event: Range<Int>) -> Verdict {
        let fields = EventFields(bytes, event, isFirst: isFirst)
        isFirst = false
        switch fields.payload {
        case .none where fields.isError: return .failed
        case .none: return transcript.isDone ? .drop : .comment(bytes.array(event))
        case .line(let line): return takePayload(bytes.extracting(line), isError: fields.isError)
        case .joined(let payload):
            // Outside of strings, where no line feed can be, one space is like the other.
            let line = payload.map { $0 == ASCII.lineFeed ? ASCII.space : $0 }
            return takePayload(line.span, isError: fields.isError)
        }
    }

    private mutating func takePayload(_ payload: borrowing Span<UInt8>, isError: Bool) -> Verdict {
        if transcript.isDone { return .drop }
        if EventFields.isDone(payload) {
            let rest = release()
            transcript.takeDone()
            return .forward(rest + Array("data: [DONE]\n\n".utf8))
        }
        if isError { return .failed }
        let facts = ChunkFacts(payload, route: transcript.route)
        if facts.isError { return .failed }
        if let obstacle = facts.obstacle { return .breakOff(obstacle) }
        // Where nothing had been said the answer is a new one, and may begin with reasoning.
        if facts.reasoning != nil, tokensBefore > 0 { return .breakOff(.reasoning) }
        return takeChunk(facts, payload)
    }

    private mutating func takeChunk(_ facts: ChunkFacts, _ payload: borrowing Span<UInt8>) -> Verdict {
        var edits = ByteEdits()
        var text = facts.text.map { payload.array($0) } ?? []
        if let place = facts.text, !hasText {
            hasText = true
            if let rest = restOfEcho(place, payload) {
                text = rest
                edits.replace(place, with: rest)
            }
        }
        let says = !text.isEmpty || facts.reasoning != nil || facts.finish != nil || facts.usage != nil
        guard says || !hadRole && facts.role != nil else { return .drop }
        let usage = rename(facts, payload, &edits)
        let line = Array("data: ".utf8) + edits.applied(to: payload) + Array("\n\n".utf8)
        switch findStop(text) {
        case .found(let length):
            let rest = includesStop ? search?.followed(length) ?? "" : ""
            held = []
            return .end(transcript.close(.stop, rest: rest, includesUsage: includesUsage))
        case .open where facts.finish == nil:
            held.append(Held(bytes: line, text: text, usage: usage))
            return .drop
        case .open, .over:
            let waiting = release()
            if facts.reasoning != nil { transcript.takeHidden(isReasoning: true) }
            record(Held(bytes: line, text: text, usage: nil))
            transcript.takeMarks(facts, payload)
            if facts.role != nil { transcript.takeRole() }
            if let finish = facts.finish { transcript.takeFinish(payload.text(in: finish)) }
            if let usage { transcript.takeUsage(usage) }
            return .forward(waiting + line)
        }
    }

    /// What follows when the engine's first text begins with all that was sent.
    private func restOfEcho(_ place: Range<Int>, _ payload: borrowing Span<UInt8>) -> [UInt8]? {
        guard wordsBefore.count >= Self.shortestEcho, let said = JSONText.decode(place, in: payload),
            said.utf8.starts(with: wordsBefore.utf8)
        else { return nil }
        let rest = String(decoding: said.utf8.dropFirst(wordsBefore.utf8.count), as: UTF8.self)
        return Array(JSONText.encode(rest).utf8.dropFirst().dropLast())
    }

    private mutating func findStop(_ text: [UInt8]) -> StopSearch.Finding {
        guard search != nil else { return .over }
        guard !text.isEmpty else { return held.isEmpty ? .over : .open }
        guard let piece = JSONText.decode(0..<text.count, in: text.span), let finding = search?.take(piece) else {
            search = nil
            return .over
        }
        if finding == .over { search = nil }
        return finding
    }

    private mutating func release() -> [UInt8] {
        let waiting = held
        held = []
        for event in waiting { record(event) }
        return waiting.flatMap(\.bytes)
    }

    private mutating func record(_ event: Held) {
        if !event.text.isEmpty { transcript.takeText(event.text.span, 0..<event.text.count) }
        if let usage = event.usage { transcript.takeUsage(usage) }
    }
}

/// One name and one count for both parts.
extension StreamSplicer {
    /// Gathers what to replace in a chunk, and returns its counts as the client will read them.
    private func rename(
        _ facts: ChunkFacts, _ payload: borrowing Span<UInt8>, _ edits: inout ByteEdits
    ) -> TokenUsage? {
        if let place = facts.id, !transcript.id.isEmpty { edits.replace(place, with: transcript.id) }
        if let place = facts.created, !transcript.created.isEmpty { edits.replace(place, with: transcript.created) }
        if let place = facts.model, !transcript.model.isEmpty { edits.replace(place, with: transcript.model) }
        if hadRole, let place = facts.role { edits.replace(place, with: "") }
        guard let usage = facts.usage, let counts = usage.tokens else { return nil }
        // The prompt of this part holds the text of the one before.
        let input = promptBefore ?? max(0, counts.input - textTokensBefore)
        let output = tokensBefore + counts.output
        func write(_ value: Int, _ count: ChunkFacts.Count?) {
            if let count { edits.replace(count.place, with: String(value)) }
        }
        write(input, usage.input)
        write(output, usage.output)
        write(input + output, usage.total)
        write(min(usage.cached?.value ?? 0, input), usage.cached)
        return TokenUsage(input: input, output: output)
    }
}
