package import StokerCore

/// What a list of requests says of the last seconds: the head line of `stoker top`.
package struct TrafficFigures: Sendable, Equatable {
    /// Rates are over this long, seconds; shorter when older requests are not on the list.
    package static let window = 10.0

    /// Requests that ended, a second.
    package var requestsPerSecond: Double
    /// Output tokens a second, of streams that are still running too.
    package var tokensPerSecond: Double
    /// Of those that ended within the window, the share that failed, 0 to 1; nil when none ended.
    package var failedShare: Double?
    /// Time to first token over the whole list, seconds; nil without a stream.
    package var ttftMedian: Double?
    package var ttftP99: Double?

    /// - Parameter isWhole: whether the list has all requests that there were; a cut one only knows its own time.
    package init(requests: [FinishedRequest], live: [LiveRequest], isWhole: Bool, now: Timestamp) {
        let end = now.seconds
        let oldest = requests.map(\.endedAt.seconds).min() ?? end
        // A tenth of a second is what a rate needs to mean anything.
        let span = isWhole ? Self.window : min(Self.window, max(0.1, end - oldest))
        let recent = requests.filter { $0.endedAt.seconds > end - span }
        requestsPerSecond = Double(recent.count) / span
        let tokens =
            requests.map { $0.tokens(from: end - span, to: end) } + live.map { $0.tokens(from: end - span, to: end) }
        tokensPerSecond = tokens.reduce(0, +) / span
        failedShare =
            recent.isEmpty ? nil : Double(recent.count { $0.outcome.isFailure }) / Double(recent.count)
        let firsts = requests.compactMap(\.ttftSeconds).sorted()
        ttftMedian = Self.quantile(0.5, of: firsts)
        ttftP99 = Self.quantile(0.99, of: firsts)
    }

    /// The smallest value that this share of all does not exceed (nearest rank).
    private static func quantile(_ share: Double, of sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        return sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
}

extension FinishedRequest {
    /// How many of its tokens came within a time, as if they had come evenly from the first to the end.
    fileprivate func tokens(from: Double, to: Double) -> Double {
        evenly(outputTokens, since: startedAt.seconds + (ttftSeconds ?? 0), until: endedAt.seconds, from: from, to: to)
    }
}

extension LiveRequest {
    fileprivate func tokens(from: Double, to: Double) -> Double {
        guard let ttftSeconds else { return 0 }
        return evenly(outputTokens, since: startedAt.seconds + ttftSeconds, until: to, from: from, to: to)
    }
}

/// The part of `count` that lies within `from` and `to` when it is spread evenly over `since` to `until`.
private func evenly(_ count: Int, since: Double, until: Double, from: Double, to: Double) -> Double {
    guard until > since else { return until > from && until <= to ? Double(count) : 0 }
    return Double(count) * max(0, min(until, to) - max(since, from)) / (until - since)
}
