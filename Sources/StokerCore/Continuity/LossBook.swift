/// The gateway's book of lost backends, as a value: bounded, at most one open entry for each backend.
package struct LossBook: Sendable {
    /// Entries kept; the oldest make room.
    package static let capacity = 32
    /// A broken answer without anything worse after it was one stream's trouble and no loss.
    package static let doubt = Duration.seconds(5)

    /// What there is to know of a backend when it is lost.
    package struct Subject: Sendable {
        package var backend: String
        /// Models that it serves.
        package var models: [String]
        package var lastHeard: BootTime?
        package var inFlight: Int

        package init(backend: String, models: [String], lastHeard: BootTime? = nil, inFlight: Int = 0) {
            self.backend = backend
            self.models = models
            self.lastHeard = lastHeard
            self.inFlight = inFlight
        }
    }

    /// What became of one request.
    package enum Fate: Sendable, Equatable {
        case retried
        case continued
        case failed
        /// A stream that was broken off after so many tokens.
        case broken(tokens: Int)
    }

    package private(set) var losses: [BackendLoss] = []
    /// Numbers of those that are neither back nor doubted away.
    private var open: Set<Int64> = []
    private var newest: Int64 = 0

    package init() {}

    /// Whether some model waits for its first answer from elsewhere.
    package var isWaiting: Bool {
        losses.contains { open.contains($0.number) && $0.models.values.contains { $0.served == nil } }
    }

    /// A request came to grief there, or the backend left the rotation.
    package mutating func note(
        _ sign: BackendLoss.Sign, _ subject: Subject, words: String, isOut: Bool, at now: BootTime
    ) {
        if let place = place(ofOpen: subject.backend) {
            guard isOut, !losses[place].isOut else { return }
            losses[place].isOut = true
            losses[place].decided = losses[place].decided ?? now
            return
        }
        newest += 1
        if losses.count == Self.capacity { open.remove(losses.removeFirst().number) }
        losses.append(
            BackendLoss(
                number: newest, backend: subject.backend, sign: sign, words: words, lastHeard: subject.lastHeard,
                inFlight: subject.inFlight, noticed: now, isOut: isOut, models: subject.models))
        open.insert(newest)
    }

    /// A request that broke there goes to another.
    package mutating func moved(from backend: String, at now: BootTime) {
        guard let place = place(ofOpen: backend), losses[place].decided == nil else { return }
        losses[place].decided = now
    }

    /// A client of the model gets an answer.
    ///
    /// - Parameter broken: where its request had come to grief before; that backend may be back already.
    package mutating func served(_ model: String, by backend: String, after broken: String? = nil, at now: BootTime) {
        let latest = losses.lastIndex { $0.backend == broken }
        for place in losses.indices
        where losses[place].backend != backend && (open.contains(losses[place].number) || place == latest) {
            guard let share = losses[place].models[model], share.served == nil else { continue }
            losses[place].models[model]?.served = now
            losses[place].models[model]?.servedBy = backend
        }
    }

    /// What became of a request that broke there; also after the backend is back.
    package mutating func count(_ fate: Fate, of model: String, from backend: String) {
        guard let place = losses.lastIndex(where: { $0.backend == backend }) else { return }
        var counts = losses[place].models[model]?.counts ?? FailoverCounts()
        switch fate {
        case .retried: counts.retried += 1
        case .continued: counts.continued += 1
        case .failed: counts.failed += 1
        case .broken(let tokens):
            counts.broken += 1
            counts.lostTokens += tokens
        }
        losses[place].models[model, default: BackendLoss.Share()].counts = counts
    }

    /// The backend gets requests again.
    package mutating func back(_ backend: String, at now: BootTime) {
        // One that never left cannot come back: its doubt runs out by itself.
        guard let place = place(ofOpen: backend), losses[place].isOut else { return }
        losses[place].back = now
        open.remove(losses[place].number)
    }

    /// Time passes.
    package mutating func tick(_ now: BootTime) {
        for loss in losses where open.contains(loss.number) && !loss.isOut && now - loss.noticed >= Self.doubt {
            open.remove(loss.number)
        }
    }

    private func place(ofOpen backend: String) -> Int? {
        losses.lastIndex { $0.backend == backend && open.contains($0.number) }
    }
}
