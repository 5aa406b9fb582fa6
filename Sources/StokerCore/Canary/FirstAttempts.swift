/// What the gateway has counted of one side of a split: the first attempt of each request, whatever became of the
/// request later. A retry mends a request; it does not mend what is to be said of the backend that failed it.
package struct FirstAttempts: Sendable, Equatable, Codable {
    /// Requests whose first attempt was here.
    package var begun: Int
    /// Those that failed, before the answer began or within it. A 500 that another backend repeats is the request's
    /// own and not among them.
    package var failed: Int
    /// Those that were turned away with 429 or 503: back-pressure, and no failure.
    package var refused: Int
    /// `failed` by reason, as the metrics name it.
    package var reasons: [String: Int]
    /// How many times to the first good event have been taken.
    package var timed: Int
    /// The last of them, in microseconds, newest last.
    package var times: [Int]

    /// How many times are kept.
    package static let keptTimes = 64

    package init(
        begun: Int = 0, failed: Int = 0, refused: Int = 0, reasons: [String: Int] = [:], timed: Int = 0,
        times: [Int] = []
    ) {
        self.begun = begun
        self.failed = failed
        self.refused = refused
        self.reasons = reasons
        self.timed = timed
        self.times = times
    }

    /// Takes down how long a first good event took.
    package mutating func time(microseconds: Int) {
        timed += 1
        if times.count >= Self.keptTimes { times.removeFirst() }
        times.append(microseconds)
    }

    /// A first attempt has failed.
    package mutating func fail(reason: String) {
        failed += 1
        reasons[reason, default: 0] += 1
    }

    /// What has come since an earlier report. A count that has fallen is that of a gateway which has started anew, and
    /// all of it is news.
    package func since(_ earlier: FirstAttempts) -> FirstAttempts {
        let isAnew =
            begun < earlier.begun || failed < earlier.failed || refused < earlier.refused || timed < earlier.timed
        guard !isAnew else { return self }
        let news = reasons.merging(earlier.reasons) { $0 - $1 }.filter { reasons[$0.key] != nil && $0.value > 0 }
        return FirstAttempts(
            begun: begun - earlier.begun, failed: failed - earlier.failed, refused: refused - earlier.refused,
            reasons: news, timed: timed - earlier.timed, times: times.suffix(timed - earlier.timed))
    }

    /// Adds what has come; of the times the last are kept.
    package mutating func add(_ news: FirstAttempts) {
        begun += news.begun
        failed += news.failed
        refused += news.refused
        reasons.merge(news.reasons, uniquingKeysWith: +)
        timed += news.timed
        times = (times + news.times).suffix(Self.keptTimes)
    }

    /// The middle one of the times that are kept, in microseconds; nil without any.
    package var medianTime: Int? { times.isEmpty ? nil : times.sorted()[times.count / 2] }
}

/// Both sides of a split as the gateway has counted them, all since that split came into force.
package struct CanaryCounts: Sendable, Equatable, Codable {
    package var model: String
    package var permille: Int
    package var salt: UInt32
    package var canary: FirstAttempts
    package var stable: FirstAttempts

    package init(
        model: String, permille: Int, salt: UInt32, canary: FirstAttempts = FirstAttempts(),
        stable: FirstAttempts = FirstAttempts()
    ) {
        self.model = model
        self.permille = permille
        self.salt = salt
        self.canary = canary
        self.stable = stable
    }
}
