/// How fast a line of waiting requests moves, as measured: requests that ended while somebody waited, by the time that
/// somebody waited.
///
/// Only time with a line counts. A backend that has little to do ends few requests, which says nothing of what it could
/// do; judged by that, the first burst after a quiet hour would be turned away.
///
/// The mean forgets: with each end a thirty-second part of what was, or the part of five seconds that has passed since
/// the last one, where that is less. So an engine that ends one request in ten seconds is judged by the last thirty of
/// them, and one that ends a thousand in a second by five seconds.
package struct DrainRate: Sendable, Equatable {
    /// Ends that are remembered at least.
    private static let memory = 32.0
    /// Seconds that are remembered at least.
    private static let window = 5.0
    /// With fewer ends than this, nothing is known.
    private static let evidence = 3.0
    /// Told to who is turned away while nothing is known, in seconds.
    private static let unmeasuredPause = 5.0

    private var ended = 0.0
    private var seconds = 0.0
    /// Since when time counts that is not in `seconds` yet; nil while nobody waits.
    private var countsSince: Duration?

    package init() {}

    /// A line has formed.
    package mutating func begin(at now: Duration) {
        if countsSince == nil { countsSince = now }
    }

    /// The line is empty.
    package mutating func pause(at now: Duration) {
        if let countsSince { seconds += Self.between(countsSince, now) }
        countsSince = nil
    }

    /// A request has ended, and somebody may have its place.
    package mutating func end(at now: Duration) {
        guard let since = countsSince else { return }
        let passed = Self.between(since, now)
        let kept = 1 - min(1 / Self.memory, passed / Self.window)
        ended = ended * kept + 1
        seconds = seconds * kept + passed
        countsSince = now
    }

    /// Requests a second; nil before enough of them have ended. It falls while nothing ends.
    package func rate(at now: Duration) -> Double? {
        guard ended >= Self.evidence else { return nil }
        let open = countsSince.map { Self.between($0, now) } ?? 0
        // Not even a thousandth of a second: as good as no wait.
        return ended / max(seconds + open, ended / 1_000_000)
    }

    /// How long until the one at that place gets its turn, 1 for the first; nil when nothing is known.
    package func wait(at place: Int, now: Duration) -> Duration? {
        rate(at: now).map { .seconds(min(Double(place) / $0, 1_000_000)) }
    }

    /// What `Retry-After` says: when those who wait now will be through, and up to half as much later, so that those
    /// who are turned away together do not come back together.
    ///
    /// - Parameters:
    ///   - line: how many wait.
    ///   - jitter: 0 to 1, drawn anew for each answer.
    /// - Returns: whole seconds, 1 to 60: more is ignored by OpenAI's clients.
    package func retryAfter(line: Int, at now: Duration, jitter: Double) -> Int {
        let seconds = rate(at: now).map { Double(line + 1) / $0 } ?? Self.unmeasuredPause
        let spread = min(max(seconds, 1), 60) * (1 + 0.5 * min(max(jitter, 0), 1))
        return Int(min(60, spread.rounded(.up)))
    }

    /// Clocks that jump back count as standing still.
    private static func between(_ start: Duration, _ end: Duration) -> Double { max(0, (end - start).inSeconds) }
}
