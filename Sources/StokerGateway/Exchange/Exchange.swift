package import StokerCore

/// One request on its way through the backends: which one is asked, what is tried again, when the client gets its first
/// byte, when a broken stream goes on elsewhere, and when to give up. A value: the shell tells it what happened and
/// does what it decides.
///
/// queued (for a backend with room) → waiting (for a head) → holding (nothing of the answer sent yet) → flowing → done;
/// and from a flowing stream that breaks back to waiting, for another backend to continue it
package struct Exchange: Sendable {
    package enum Event: Sendable, Equatable {
        case begin
        /// All backends are full: `begin` comes when there is room.
        case wait
        /// - Parameter reused: whether the connection had served another request before.
        case failed(AttemptFailure, reused: Bool)
        case head(ResponseFacts)
        /// So many bytes of an answer that is no event stream.
        case body(bytes: Int)
        /// Whole events of a stream. `sound`: at least one says something, and none of them an error.
        case events(sound: Bool)
        /// The answer is whole.
        case end
        /// The shell stops reading from the backend because the client is slow.
        case paused
        case resumed
        case tick
        case clientGone
    }

    package enum Decision: Sendable, Equatable {
        case nothing
        /// Give up the present attempt, if any, and ask this backend; `fresh`: over a new connection.
        case attempt(backend: Int, fresh: Bool)
        /// The same, to go on with the stream where it broke off.
        case `continue`(backend: Int, after: AttemptFailure)
        /// Keep what came.
        case hold
        /// Send the response head, if it is not sent yet, and everything held.
        case commit
        /// Send what came.
        case forward
        /// A stream says nothing yet: send a comment, and before it a response head if none is sent yet.
        case keepAlive
        /// The answer is whole: send what is still held and end the response.
        case finish
        /// Nothing was sent yet: answer with an error.
        case refuse(Refusal)
        /// Something was sent: end with an error event, and close.
        case breakOff(AttemptFailure)
    }

    package enum Refusal: Sendable, Equatable {
        case noBackend
        case failed(backend: Int, AttemptFailure)
    }

    /// What the client wants, which says what a good answer looks like.
    package enum Wish: Sendable, Equatable {
        /// One JSON document.
        case document
        case eventStream
        /// A path that we know nothing of.
        case anything
    }

    /// What a backend is chosen for.
    package enum Purpose: Sendable, Equatable {
        case answer, continuation
        /// Another answer, after one that was an error: it draws on the retry budget.
        case retry
    }

    /// Finds a usable backend that is not in the list; nil when there is none, or when nobody can continue the stream.
    package typealias Choice = (_ tried: [Int], _ purpose: Purpose) -> Int?

    /// A body of at most this many bytes is held until it is whole, so that a backend that dies in the middle costs the
    /// client nothing.
    package static let holdLimit = 1 << 20
    /// A request that was sent so often and killed its backend each time is probably the reason.
    package static let maxSends = 3

    private enum Phase: Equatable {
        case idle
        case queued
        case waiting
        case holding(ResponseFacts)
        case flowing
        case done
    }

    private let wish: Wish
    private let deadlines: Deadlines
    /// How often a stream may go on elsewhere.
    private let maxSeams: Int
    /// A comment after so much silence before the first event; nil: never.
    private let keepAlive: Duration?
    private var phase = Phase.idle
    /// When the clock of `first_token` began: with the request, or with the seam.
    private var waitsSince: Duration
    private var progress: Duration
    private var saidAt: Duration
    private var isPaused = false
    /// The backend of the present attempt.
    package private(set) var backend = -1
    /// Backends that this request has failed on.
    package private(set) var tried: [Int] = []
    private var sends = 0
    private var held = 0
    private var hasReplayed = false
    private var hasMetServerError = false
    /// Why the stream has to go on elsewhere; nil while nothing of the answer is lost.
    private var broken: AttemptFailure?

    /// A failure that was found here and not told by the shell.
    private var found: AttemptFailure?

    /// Whether the client has a status line.
    package private(set) var hasHead = false
    /// Whether the client has a part of the answer.
    package private(set) var isCommitted = false
    /// Attempts that came after the first, replays of stale connections and continuations left out.
    package private(set) var retries = 0
    /// How often the stream has gone on elsewhere.
    package private(set) var seams = 0

    package init(
        _ wish: Wish, deadlines: Deadlines, maxSeams: Int = 0, keepAlive: Duration? = nil,
        startedAt started: Duration
    ) {
        self.wish = wish
        self.deadlines = deadlines
        self.maxSeams = maxSeams
        self.keepAlive = wish == .eventStream ? keepAlive : nil
        waitsSince = started
        progress = started
        saidAt = started
    }

    /// Takes what happened and decides.
    package mutating func handle(_ event: Event, at now: Duration, choose: Choice) -> Decision {
        switch (phase, event) {
        case (.flowing, .events), (.flowing, .body):
            progress = now
            return .forward
        case (.idle, .begin), (.queued, .begin): return begin(choose)
        case (.idle, .wait): phase = .queued
        case (.queued, .tick): return keepAlive(at: now)
        case (.waiting, .head(let facts)): return head(facts, at: now, choose)
        case (.holding(let facts), .body(let bytes)): return body(facts, bytes, at: now)
        case (.holding, .events(let isSound)): return events(isSound, at: now)
        case (.holding(let facts), .end): return end(facts, choose)
        case (.flowing, .end): return finish()
        case (.waiting, .failed(.closedEarly, reused: true)) where !hasReplayed:
            // An idle connection that the backend closed just as it was used: not a failure of anything.
            hasReplayed = true
            return broken.map { .continue(backend: backend, after: $0) } ?? .attempt(backend: backend, fresh: true)
        case (.waiting, .failed(let failure, _)), (.holding, .failed(let failure, _)): return fail(failure, choose)
        case (.flowing, .failed(let failure, _)): return seam(failure, at: now, choose)
        case (.waiting, .tick), (.holding, .tick), (.flowing, .tick): return tick(at: now, choose)
        case (_, .paused): isPaused = true
        case (_, .resumed):
            isPaused = false
            progress = now
        case (_, .clientGone): phase = .done
        default: break
        }
        return .nothing
    }

    /// Whether sound events of a stream are simply passed on: the same as `handle(.events(sound: true))` deciding
    /// `.forward`, for the one case that comes thousands of times in a request.
    package mutating func passesEvents(at now: Duration) -> Bool {
        guard case .flowing = phase else { return false }
        progress = now
        return true
    }

    /// The failure that the latest decision was drawn from, if nobody but the exchange can know of it.
    package mutating func takeFound() -> AttemptFailure? { found.take() }

    private mutating func begin(_ choose: Choice) -> Decision {
        guard let first = choose([], .answer) else {
            phase = .done
            return .refuse(.noBackend)
        }
        backend = first
        phase = .waiting
        return .attempt(backend: first, fresh: false)
    }

    // MARK: An answer

    private mutating func head(_ facts: ResponseFacts, at now: Duration, _ choose: Choice) -> Decision {
        if let failure = facts.failure(wish) {
            found = failure
            if case .status(500) = failure {
                // Once: what fails like this everywhere is the request's own fault.
                let isFirst = !hasMetServerError
                hasMetServerError = true
                if isFirst, let next = another(after: failure, choose) { return next }
            } else if let next = another(after: failure, choose) {
                return next
            }
            // The backend's own words tell the client more than ours; a wrong kind of 200 tells it lies.
            guard case .status = failure else { return giveUp(failure) }
        }
        // The status can only be said to a client that has none yet.
        if hasHead, facts.status != 200 { return giveUp(.status(facts.status)) }
        phase = .holding(facts)
        held = 0
        progress = now
        guard let length = facts.contentLength, length > Self.holdLimit, !facts.isEventStream else { return .hold }
        return commit()
    }

    private mutating func body(_ facts: ResponseFacts, _ bytes: Int, at now: Duration) -> Decision {
        progress = now
        held += bytes
        guard broken == nil else { return .hold }
        // A stream that we know nothing of is not to be held back.
        return facts.isEventStream || held > Self.holdLimit ? commit() : .hold
    }

    private mutating func events(_ isSound: Bool, at now: Duration) -> Decision {
        progress = now
        held += 1
        guard isSound else { return .hold }
        if broken != nil { seams += 1 }
        broken = nil
        sends = 0
        return commit()
    }

    private mutating func commit() -> Decision {
        phase = .flowing
        hasHead = true
        isCommitted = true
        return .commit
    }

    private mutating func end(_ facts: ResponseFacts, _ choose: Choice) -> Decision {
        guard facts.status == 200 else { return finish() }
        // A stream's first sound event would have committed it.
        if facts.isEventStream, wish != .anything { return find(.emptyStream, choose) }
        if wish == .document, held == 0 { return find(.emptyAnswer, choose) }
        return finish()
    }

    private mutating func finish() -> Decision {
        phase = .done
        return .finish
    }

    // MARK: Failures

    private mutating func find(_ failure: AttemptFailure, _ choose: Choice) -> Decision {
        found = failure
        return fail(failure, choose)
    }

    /// Asks another backend, or the same one again if it is still in rotation, or gives up.
    private mutating func fail(_ failure: AttemptFailure, _ choose: Choice) -> Decision {
        if let next = another(after: failure, choose) { return next }
        if sends < Self.maxSends, failure.allowsSameBackend, let again = choose([], purpose(after: failure)) {
            return start(again, after: failure)
        }
        return giveUp(failure)
    }

    private mutating func another(after failure: AttemptFailure, _ choose: Choice) -> Decision? {
        tried.append(backend)
        sends += failure.mayHaveBegun ? 1 : 0
        guard sends < Self.maxSends, let next = choose(tried, purpose(after: failure)) else { return nil }
        return start(next, after: failure)
    }

    private mutating func start(_ next: Int, after failure: AttemptFailure) -> Decision {
        backend = next
        phase = .waiting
        held = 0
        hasReplayed = false
        if let broken { return .continue(backend: next, after: broken) }
        retries += 1
        return .attempt(backend: next, fresh: false)
    }

    private func purpose(after failure: AttemptFailure) -> Purpose {
        broken != nil ? .continuation : failure.isAnswer ? .retry : .answer
    }

    private mutating func giveUp(_ failure: AttemptFailure) -> Decision {
        phase = .done
        // What broke the stream tells more than why nobody could go on with it.
        return hasHead ? .breakOff(broken ?? failure) : .refuse(.failed(backend: backend, failure))
    }

    /// A stream of which the client has a part: somebody else goes on with it, or it ends with an error event.
    private mutating func seam(_ failure: AttemptFailure, at now: Duration, _ choose: Choice) -> Decision {
        guard wish == .eventStream, seams < maxSeams else { return giveUp(failure) }
        broken = failure
        waitsSince = now
        progress = now
        // What an earlier seam had against a backend is over.
        tried = []
        sends = 0
        return fail(failure, choose)
    }

    // MARK: Time

    private mutating func tick(at now: Duration, _ choose: Choice) -> Decision {
        let hasStalled = !isPaused && now - progress >= deadlines.stall
        switch phase {
        case .flowing:
            guard hasStalled else { return .nothing }
            found = .stalled
            return seam(.stalled, at: now, choose)
        case .holding where held > 0 && hasStalled: return find(.stalled, choose)
        case .holding where held > 0: return keepAlive(at: now)
        case .waiting, .holding:
            // An answer that is one document begins when it is finished.
            let patience = wish == .eventStream ? deadlines.firstToken : deadlines.answer
            guard now - waitsSince >= patience else { return keepAlive(at: now) }
            found = .firstTokenTimeout
            return giveUp(.firstTokenTimeout)
        case .idle, .queued, .done: return .nothing
        }
    }

    private mutating func keepAlive(at now: Duration) -> Decision {
        guard let keepAlive, now - max(saidAt, waitsSince) >= keepAlive else { return .nothing }
        saidAt = now
        hasHead = true
        return .keepAlive
    }
}

/// What decisions depend on in a response head.
package struct ResponseFacts: Sendable, Equatable {
    /// What `Content-Type` says.
    package enum Content: Sendable, Equatable {
        case eventStream, json, unnamed
        case other(String)
    }

    package var status: Int
    package var content: Content
    package var contentLength: Int?

    package init(status: Int, content: Content = .json, contentLength: Int? = nil) {
        self.status = status
        self.content = content
        self.contentLength = contentLength
    }

    package var isEventStream: Bool { content == .eventStream }

    /// Why this head begins no good answer; nil when it may.
    func failure(_ wish: Exchange.Wish) -> AttemptFailure? {
        switch (status, wish, content) {
        // Full or not there: worth asking another backend, never a verdict on this one.
        case (429, _, _), (500, _, _), (502...504, _, _): .status(status)
        case (200, .eventStream, .json), (200, .eventStream, .unnamed): .wrongContent("no event stream")
        case (200, .eventStream, .other(let type)), (200, .document, .other(let type)): .wrongContent(type)
        default: nil
        }
    }
}
