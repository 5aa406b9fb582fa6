import NIOCore

/// One answer on its way: says each token when it is due. Lives on its connection's event loop.
final class AnswerRun {
    /// Its number in the ledger.
    let id: UInt64
    /// The engine's name for it while it waits or runs.
    var ticket: Slots.Ticket = 0
    let asked: AskedAnswer

    private let engine: SimulatedEngine
    private weak var connection: ConnectionHandler?
    private let form: AnswerForm
    private let writer: EventWriter
    private var script: AnswerScript
    private var fault: AnswerFault
    private var pace: AnswerPace
    private var left: Int
    private var record: Ledger.Record
    private var state = State.waiting
    /// When its timeline began, by the engine's clock.
    private var origin: Int64 = 0
    /// When the group of tokens that comes next is due, by the engine's clock.
    private var due: Int64 = 0
    private var isPlanned = false
    private var lastWrite: Int64 = 0
    private var firstAfter: Int64 = 0

    private enum State {
        case waiting, running, ended
        /// A fault holds it for ever.
        case stuck
    }

    /// Most groups in one write, however late it is: the loop belongs to all connections.
    private static let largestBurst = 256

    init(
        _ asked: AskedAnswer, id: UInt64, received: Int64, fault: Fault?, engine: SimulatedEngine,
        connection: ConnectionHandler
    ) {
        self.id = id
        self.asked = asked
        self.engine = engine
        self.connection = connection
        self.fault = AnswerFault(fault)
        form = AnswerForm(
            asked, model: engine.options.model, dialect: engine.options.dialect, id: id, created: engine.pages.created)
        writer = EventWriter(
            isChunked: connection.takesChunks && !self.fault.announcesLength, stamps: engine.options.stamps,
            kind: asked.kind)
        script = asked.script
        left = asked.script.count
        pace = AnswerPace(first: .constant(.zero), interval: .constant(.zero))
        record = Ledger.Record(id: id, received: received, promptTokens: asked.promptTokens)
        lastWrite = received
    }

    /// Tokens that it holds in the KV memory.
    var heldTokens: Int { asked.promptTokens + asked.script.count }

    /// Takes up the work; the clock of its timeline begins, at `begin` of the engine's clock.
    func start(at begin: Int64, cached: Int) {
        state = .running
        origin = begin
        let options = engine.options
        pace = AnswerPace(
            first: options.firstToken, interval: options.interval, seed: options.seed, prompt: asked.promptHash,
            prefill: options.prefill.clampedNanoseconds * Int64(max(0, asked.promptTokens - cached)),
            slowdown: engine.slowdown * fault.slowdown)
        if asked.isStreamed {
            connection?.beginStream(asked.kind, announced: fault.announcedLength)
        }
        guard !fault.hangs else { return state = .stuck }
        planNext()
    }

    /// The client is gone.
    func abort() {
        guard state != .ended else { return }
        finish(.abort)
    }

    /// The client takes bytes again.
    func resume() {
        guard state == .running, !isPlanned, record.events > 0 else { return }
        plan()
    }

    /// Its next tokens are due.
    func step(at now: Int64) {
        isPlanned = false
        guard state == .running, let connection else { return }
        if asked.isStreamed { speak(to: connection, now) } else { answerWhole(to: connection, now) }
    }

    // MARK: - Pace

    private var groupSize: Int {
        let options = engine.options
        return asked.isStreamed ? min(left, options.tokensPerEvent * options.eventsPerWrite) : left
    }

    private var slowdown: Double { engine.slowdown * fault.slowdown }

    private func planNext() {
        // A group is due with its last token.
        if groupSize > 1 { pace.advance(by: groupSize - 1, slowdown: slowdown) }
        due = origin + pace.due
        plan()
    }

    private func plan() {
        isPlanned = true
        engine.pacer.plan(self, at: due)
    }

    // MARK: - Streams

    /// Writes all tokens that are due, in one buffer.
    private func speak(to connection: ConnectionHandler, _ now: Int64) {
        let reading = engine.pacer.reading(at: now)
        var buffer = connection.allocate(384 * max(1, min(groupSize, 64)))
        if record.events == 0, !form.opening.isEmpty, fault.breakAt != 0 {
            writer.write(form.opening, at: now, to: &buffer)
        }
        var burst = 0
        while left > 0, due <= reading, burst < Self.largestBurst {
            burst += 1
            engine.late.record(reading - due)
            guard writeGroup(at: now, to: &buffer) else { return strike(connection, after: buffer, now) }
            guard left > 0 else { break }
            pace.advance(slowdown: slowdown)
            if groupSize > 1 { pace.advance(by: groupSize - 1, slowdown: slowdown) }
            due = origin + pace.due
        }
        guard left == 0 else {
            connection.write(buffer)
            // A reader that takes nothing stops its own stream; `resume` goes on.
            if connection.isWritable { plan() }
            return
        }
        if fault.breakAt.map({ record.events >= $0 }) == true { return strike(connection, after: buffer, now) }
        close(connection, buffer, now)
    }

    /// false: a fault breaks the answer off before the next event.
    private func writeGroup(at now: Int64, to buffer: inout ByteBuffer) -> Bool {
        let options = engine.options
        for _ in 0..<options.eventsPerWrite where left > 0 {
            if fault.breakAt == record.events { return false }
            var text = ""
            var isReasoning = false
            var tokens = 0
            while tokens < options.tokensPerEvent, left > 0, let token = script.next() {
                isReasoning = token.isReasoning
                text += token.text
                tokens += 1
                left -= 1
                // Reasoning and answer are never in one event.
                if isReasoning, asked.script.count - left == asked.script.reasoningCount { break }
            }
            if fault.hugeAt == record.events { text += String(repeating: "x", count: fault.bytes) }
            let isLast = left == 0 && !fault.leavesOutEnd
            writer.write(
                isReasoning ? form.reasoningHead : form.tokenHead, text, isLast ? form.lastTail : form.tail, at: now,
                to: &buffer)
            count(tokens, at: now)
        }
        return true
    }

    private func count(_ tokens: Int, at now: Int64) {
        engine.metrics.said(tokens: tokens, gap: now - lastWrite, isFirst: record.events == 0)
        if record.events == 0 {
            record.firstEvent = now
            firstAfter = now - record.received
        }
        record.events += 1
        record.tokens += tokens
        engine.ledger.said(tokens)
        record.lastEvent = now
        lastWrite = now
    }

    private func close(_ connection: ConnectionHandler, _ begun: ByteBuffer, _ now: Int64) {
        var buffer = begun
        // An answer without a word has its moment too.
        if record.events == 0 { engine.late.record(engine.pacer.reading(at: now) - due) }
        if !fault.leavesOutEnd {
            if asked.script.count == 0, asked.kind == .chat || asked.kind == .text {
                writer.write(form.tokenHead, "", form.lastTail, at: now, to: &buffer)
            }
            let times = AnswerForm.Times(first: firstAfter, total: now - record.received)
            let endings = form.endings(times)
            for (index, event) in endings.enumerated() {
                let isLast = index == endings.count - 1 && form.endMark.utf8CodeUnitCount == 0
                writer.write(event, at: now, endsLine: !(isLast && fault.leavesOutNewline), to: &buffer)
            }
            let mark = form.endMark.description
            writer.writeRaw(fault.leavesOutNewline ? String(mark.prefix { $0 != "\n" }) : mark, to: &buffer)
        }
        writer.writeEnd(to: &buffer)
        finish(fault.isNone ? nil : .fault)
        connection.write(buffer)
        connection.endAnswer(mustClose: !writer.isChunked)
    }

    // MARK: - Whole answers

    private func answerWhole(to connection: ConnectionHandler, _ now: Int64) {
        if fault.breakage == .stall, let delay = fault.delay {
            fault = AnswerFault(nil)
            due += delay
            return plan()
        }
        engine.late.record(engine.pacer.reading(at: now) - due)
        var text = ""
        var reasoning = ""
        while let token = script.next() {
            if token.isReasoning { reasoning += token.text } else { text += token.text }
        }
        if fault.hugeAt != nil { text += String(repeating: "x", count: fault.bytes) }
        let first = engine.options.firstToken == .constant(.zero) ? 0 : min(now - record.received, pace.due)
        engine.metrics.saidWhole(
            tokens: asked.script.count, first: first, rest: max(0, now - record.received - first))
        record.tokens = asked.script.count
        record.events = 1
        engine.ledger.said(asked.script.count)
        record.firstEvent = now
        record.lastEvent = now
        let times = AnswerForm.Times(first: first, total: now - record.received)
        let json = form.whole(text, reasoning: reasoning, times: times, hasFinish: !fault.leavesOutEnd)
        guard fault.breakAt == nil else { return strike(connection, beforeEndOf: json) }
        finish(fault.isNone ? nil : .fault)
        connection.reply(200, json, announced: fault.announcedLength(of: json.utf8.count))
    }

    // MARK: - Faults

    /// The stream breaks off here, in the way of its fault.
    private func strike(_ connection: ConnectionHandler, after begun: ByteBuffer, _ now: Int64) {
        var buffer = begun
        switch fault.breakage {
        case .errorEvent:
            let refusal = Refusal(
                .failed, "EngineCore encountered an issue. See stack trace (above) for the root cause.")
            let json = refusal.json(engine.options.dialect, native: asked.kind.isOllama)
            let start = asked.kind.isOllama ? "" : "data: "
            writer.write(Array((start + json.dropLast()).utf8), at: now, to: &buffer)
            writer.writeRaw(form.endMark.description, to: &buffer)
            writer.writeEnd(to: &buffer)
            finish(.fault)
            connection.write(buffer)
            connection.endAnswer(mustClose: !writer.isChunked)
        case .cut, .reset:
            connection.write(buffer)
            finish(.fault)
            connection.hangUp(withReset: fault.breakage == .reset)
        case .stall:
            connection.write(buffer)
            guard let delay = fault.delay else { return state = .stuck }
            fault = AnswerFault(nil)
            pace.delay(by: delay)
            due += delay
            plan()
        case nil: break
        }
    }

    /// A whole answer breaks off in its middle.
    private func strike(_ connection: ConnectionHandler, beforeEndOf json: String) {
        let half = String(decoding: json.utf8.prefix(json.utf8.count / 2), as: UTF8.self)
        switch fault.breakage {
        case .errorEvent:
            finish(.fault)
            let refusal = Refusal(.failed, "EngineCore encountered an issue.")
            connection.reply(200, refusal.json(engine.options.dialect, native: asked.kind.isOllama))
        case .cut, .reset:
            finish(.fault)
            connection.replyPart(half, of: json.utf8.count)
            connection.hangUp(withReset: fault.breakage == .reset)
        case .stall:
            connection.replyPart(half, of: json.utf8.count)
            state = .stuck
        case nil: break
        }
    }

    /// nil is the end that the script has.
    private func finish(_ outcome: Ledger.Outcome?) {
        state = .ended
        let regular: Ledger.Outcome = asked.script.finish == .stop ? .stop : .length
        record.outcome = outcome ?? regular
        record.ended = Pacer.now
        engine.leave(self, record)
    }
}
