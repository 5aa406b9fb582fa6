package import StokerCore

/// One request on its way through the backends: which one is asked, what is tried again, when the client gets its first
/// byte, and when to give up. A value: the shell tells it what happened and does what it decides.
///
/// waiting (for a head) → holding (nothing sent to the client yet) → streaming → done
package struct Exchange: Sendable {
    package enum Event: Sendable, Equatable {
        case begin
        /// - Parameter reused: whether the connection had served another request before.
        case failed(AttemptFailure, reused: Bool)
        case head(ResponseFacts)
        /// - Parameters:
        ///   - bytes: with the framing.
        ///   - hasData: whether any of them is data.
        case body(bytes: Int, hasData: Bool)
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
        /// Keep what came.
        case hold
        /// Send the response head and everything held.
        case commit
        /// Send what came.
        case forward
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

    /// A body of at most this many bytes is held until it is whole, so that a backend that dies in the middle costs the
    /// client nothing.
    package static let holdLimit = 1 << 20
    /// A request that was sent so often and killed its backend each time is probably the reason.
    package static let maxSends = 3

    private enum Phase: Equatable {
        case idle
        case waiting
        case holding(ResponseFacts)
        case streaming
        case done
    }

    private var phase = Phase.idle
    private let deadlines: Deadlines
    private let started: Duration
    private var progress: Duration
    private var isPaused = false
    /// The backend of the present attempt.
    package private(set) var backend = -1
    private var tried: [Int] = []
    private var sends = 0
    private var held = 0
    private var hasReplayed = false

    /// Attempts that came after the first, replays of stale connections left out.
    package private(set) var retries = 0

    package init(deadlines: Deadlines, startedAt started: Duration) {
        self.deadlines = deadlines
        self.started = started
        progress = started
    }

    /// Whether bytes have gone to the client.
    package var isCommitted: Bool { phase == .streaming }

    /// Takes what happened and decides.
    ///
    /// - Parameter choose: the balancer: a usable backend that is not in the list, nil when there is none.
    package mutating func handle(
        _ event: Event, at now: Duration, choose: (_ tried: [Int]) -> Int?
    ) -> Decision {
        switch (phase, event) {
        case (.streaming, .body):
            progress = now
            return .forward
        case (.idle, .begin): return begin(choose)
        case (.waiting, .head(let facts)): return head(facts, at: now, choose)
        case (.holding(let facts), .body(let bytes, let hasData)):
            return body(facts, bytes: bytes, hasData: hasData, at: now)
        // Its first data would have committed it.
        case (.holding(let facts), .end) where facts.isEventStream && facts.status == 200:
            return fail(.emptyStream, choose)
        case (.holding, .end), (.streaming, .end):
            phase = .done
            return .finish
        case (.waiting, .failed(.closedEarly, reused: true)) where !hasReplayed:
            // An idle connection that the backend closed just as it was used: not a failure of anything.
            hasReplayed = true
            return .attempt(backend: backend, fresh: true)
        case (.waiting, .failed(let failure, _)), (.holding, .failed(let failure, _)): return fail(failure, choose)
        case (.streaming, .failed(let failure, _)): return breakOff(failure)
        case (.waiting, .tick), (.holding, .tick), (.streaming, .tick): return tick(at: now, choose)
        case (_, .paused): isPaused = true
        case (_, .resumed):
            isPaused = false
            progress = now
        case (_, .clientGone): phase = .done
        default: break
        }
        return .nothing
    }

    private mutating func begin(_ choose: ([Int]) -> Int?) -> Decision {
        guard let first = choose([]) else {
            phase = .done
            return .refuse(.noBackend)
        }
        backend = first
        phase = .waiting
        return .attempt(backend: first, fresh: false)
    }

    private mutating func head(_ facts: ResponseFacts, at now: Duration, _ choose: ([Int]) -> Int?) -> Decision {
        if facts.isBackPressure, let next = another(after: .status(facts.status), choose) { return next }
        phase = .holding(facts)
        held = 0
        progress = now
        guard let length = facts.contentLength, length > Self.holdLimit, !facts.isEventStream else { return .hold }
        phase = .streaming
        return .commit
    }

    private mutating func body(_ facts: ResponseFacts, bytes: Int, hasData: Bool, at now: Duration) -> Decision {
        progress = now
        held += bytes
        guard (facts.isEventStream && hasData) || held > Self.holdLimit else { return .hold }
        phase = .streaming
        return .commit
    }

    /// Asks another backend, or the same one again if it is still in rotation, or gives up.
    private mutating func fail(_ failure: AttemptFailure, _ choose: ([Int]) -> Int?) -> Decision {
        if let next = another(after: failure, choose) { return next }
        if sends < Self.maxSends, failure != .stalled, let again = choose([]) {
            retries += 1
            return start(again)
        }
        phase = .done
        return .refuse(.failed(backend: backend, failure))
    }

    private mutating func another(after failure: AttemptFailure, _ choose: ([Int]) -> Int?) -> Decision? {
        tried.append(backend)
        sends += failure.mayHaveBegun ? 1 : 0
        guard sends < Self.maxSends, let next = choose(tried) else { return nil }
        retries += 1
        return start(next)
    }

    private mutating func start(_ next: Int) -> Decision {
        backend = next
        phase = .waiting
        held = 0
        hasReplayed = false
        return .attempt(backend: next, fresh: false)
    }

    private mutating func breakOff(_ failure: AttemptFailure) -> Decision {
        phase = .done
        return .breakOff(failure)
    }

    private mutating func tick(at now: Duration, _ choose: ([Int]) -> Int?) -> Decision {
        let hasStalled = !isPaused && now - progress >= deadlines.stall
        switch phase {
        case .streaming: return hasStalled ? breakOff(.stalled) : .nothing
        case .holding where held > 0 && hasStalled: return fail(.stalled, choose)
        case .holding where held > 0: return .nothing
        case .waiting, .holding:
            guard now - started >= deadlines.firstToken else { return .nothing }
            phase = .done
            return .refuse(.failed(backend: backend, .firstTokenTimeout))
        case .idle, .done: return .nothing
        }
    }
}

/// What decisions depend on in a response head.
package struct ResponseFacts: Sendable, Equatable {
    package var status: Int
    package var isEventStream: Bool
    package var contentLength: Int?

    package init(status: Int, isEventStream: Bool = false, contentLength: Int? = nil) {
        self.status = status
        self.isEventStream = isEventStream
        self.contentLength = contentLength
    }

    /// Full or not there: worth asking another backend, never a verdict on this one.
    var isBackPressure: Bool { status == 429 || status == 502 || status == 503 || status == 504 }
}
