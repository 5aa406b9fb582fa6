import NIOCore
import StokerMetrics

/// One answer on its way: says each token when it is due. Lives on its connection's event loop.
///
/// One timer at a time and no task, so that a core carries thousands of them.
final class AnswerRun: NIOScheduledCallbackHandler {
    /// The engine's name for it.
    var ticket: Slots.Ticket = 0

    private let engine: SimulatedEngine
    private weak var connection: ConnectionHandler?
    private let frames: AnswerFrames
    private let asked: AskedAnswer
    private var answer: SimulatedAnswer
    /// At least one: an answer without a word still has a last event.
    private let steps: Int
    private var done = 0
    private let arrived: NIODeadline
    private var started: NIODeadline
    private var lastToken: NIODeadline
    private var timer: NIOScheduledCallback?
    private var hasEnded = false

    /// Most events in one write, however late the timer is: the loop belongs to all connections.
    private static let largestBurst = 256

    init(_ asked: AskedAnswer, engine: SimulatedEngine, connection: ConnectionHandler) {
        self.asked = asked
        self.engine = engine
        self.connection = connection
        frames = AnswerFrames(asked, id: engine.nextID(), created: engine.created)
        answer = asked.answer
        steps = max(1, asked.answer.count)
        arrived = engine.loop.now
        started = arrived
        lastToken = arrived
    }

    /// Takes up the work; the clock of its timeline begins.
    func start() {
        started = engine.loop.now
        engine.metrics.queueTime.observe((started - arrived).duration)
        engine.metrics.promptTokens.increment(by: asked.promptTokens)
        if asked.isStreamed { connection?.beginStream() }
        schedule(at: engine.options.timeline.due(asked.isStreamed ? 0 : steps - 1))
    }

    /// The client is gone.
    func abort() {
        guard !hasEnded else { return }
        hasEnded = true
        timer?.cancel()
        engine.leave(self, .abort)
    }

    /// The client takes bytes again.
    func resume() {
        guard !hasEnded, timer == nil, done > 0 else { return }
        handleScheduledCallback(eventLoop: engine.loop)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        guard !hasEnded, let connection else { return }
        if asked.isStreamed { speak(to: connection) } else { answerWhole(to: connection) }
    }

    private func schedule(at offset: Duration) {
        do {
            timer = try engine.loop.assumeIsolated().scheduleCallback(at: started + TimeAmount(offset), handler: self)
        } catch {
            // The loop is shutting down, and with it every connection.
            abort()
        }
    }

    /// Writes all tokens that are due, in one buffer.
    private func speak(to connection: ConnectionHandler) {
        let now = engine.loop.now
        let due = engine.options.timeline.dueCount(after: (now - started).duration, of: steps)
        let end = min(due, done + Self.largestBurst)
        var buffer = connection.allocate(512 * max(1, end - done))
        if done == 0, end > 0 { frames.writeOpening(to: &buffer) }
        while done < end {
            done += 1
            frames.writeToken(answer.next() ?? "", finish: done == steps ? asked.answer.finish : nil, to: &buffer)
            count(at: now)
        }
        if done == steps {
            frames.writeClosing(tokens: asked.answer.count, includesUsage: asked.includesUsage, to: &buffer)
            connection.write(buffer)
            return finish(at: now, connection)
        }
        connection.write(buffer)
        // A reader that takes nothing stops its own stream; `resume` goes on.
        guard connection.isWritable || done == 0 else { return }
        schedule(at: engine.options.timeline.due(done))
    }

    private func answerWhole(to connection: ConnectionHandler) {
        let now = engine.loop.now
        var text = ""
        while let token = answer.next() {
            text += token
            done += 1
            count(at: now)
        }
        var buffer = connection.allocate(text.utf8.count + 512)
        frames.writeWhole(text, tokens: asked.answer.count, finish: asked.answer.finish, to: &buffer)
        hasEnded = true
        engine.metrics.endToEnd.observe((now - arrived).duration)
        engine.leave(self, asked.answer.finish == .stop ? .stop : .length)
        connection.reply(json: buffer)
    }

    private func finish(at now: NIODeadline, _ connection: ConnectionHandler) {
        hasEnded = true
        engine.metrics.endToEnd.observe((now - arrived).duration)
        engine.leave(self, asked.answer.finish == .stop ? .stop : .length)
        connection.endStream()
    }

    private func count(at now: NIODeadline) {
        engine.metrics.generationTokens.increment()
        if done == 1 {
            engine.metrics.firstToken.observe((now - arrived).duration)
        } else if asked.isStreamed {
            engine.metrics.interToken.observe((now - lastToken).duration)
        }
        lastToken = now
    }
}

extension TimeAmount {
    fileprivate var duration: Duration { .nanoseconds(nanoseconds) }
}
