package import StokerCore
import StokerMetrics

/// The handles for one route of one model.
package final class RequestMeters {
    private let families: RequestFamilies
    private let route: Route
    private let model: String
    private var codes: [Int: Counter] = [:]
    private let duration: Histogram
    private let timeToFirstToken: Histogram
    private let timePerOutputToken: Histogram
    private let gaps: ShardedHistogram.Shard
    private let queueWait: Histogram
    private let attempts: Histogram
    private let outcomes: LabelledCases<RequestOutcome, Counter>
    private let inputTokens: Counter
    private let cachedInputTokens: Counter
    private let outputTokens: Counter
    private let requestInputTokens: Histogram
    private let requestOutputTokens: Histogram

    /// A request may have met both sides of a canary, so it is of no variant; first attempts are counted by side.
    private static let variant = "stable"

    init(_ families: RequestFamilies, route: Route, model: String) {
        self.families = families
        self.route = route
        self.model = model
        duration = families.duration.with(route.rawValue, model, Self.variant)
        timeToFirstToken = families.timeToFirstToken.with(model, Self.variant)
        timePerOutputToken = families.timePerOutputToken.with(model, Self.variant)
        gaps = families.interTokenLatency.with(model, Self.variant).shard()
        queueWait = families.queueWait.with(model)
        attempts = families.attempts.with(model)
        outcomes = families.outcomes.each(RequestOutcome.self, after: model)
        inputTokens = families.inputTokens.with(model)
        cachedInputTokens = families.cachedInputTokens.with(model)
        outputTokens = families.outputTokens.with(model)
        requestInputTokens = families.requestInputTokens.with(model)
        requestOutputTokens = families.requestOutputTokens.with(model)
    }

    /// Counts a request in every family that it belongs to, once, at its end. Gaps have been counted as they came.
    package func count(_ request: FinishedRequest) {
        let exemplar = Self.exemplar(of: request)
        duration.observe(request.durationSeconds, exemplar: exemplar)
        finished(code: request.code)
        outcomes[request.outcome].increment()
        attempts.observe(Double(request.attempts))
        if let waited = request.queueSeconds { queueWait.observe(waited) }
        if let tokens = request.inputTokens { read(tokens) }
        if let tokens = request.cachedInputTokens { cachedInputTokens.increment(by: tokens) }
        wrote(request.outputTokens)
        if let first = request.ttftSeconds { timeToFirstToken.observe(first, exemplar: exemplar) }
        if let pace = request.tpotSeconds { timePerOutputToken.observe(pace) }
    }

    /// A gap between two events of a stream, as `RequestMeter.event` tells it.
    package func gap(_ gap: Duration) { gaps.observe(gap) }

    /// The name under which its record is found. It costs allocations, which a request of a second can afford: whoever
    /// looks into a bucket looks into one of the slow ones.
    private static func exemplar(of request: FinishedRequest) -> Exemplar? {
        request.durationSeconds >= 1 ? .request(request.id) : nil
    }

    /// Counts a request that no backend was asked for, when it ends.
    func finished(code: Int, after elapsed: Duration) {
        duration.observe(elapsed.inSeconds)
        finished(code: code)
    }

    private func finished(code: Int) {
        if let counter = codes[code] { return counter.increment() }
        let counter = families.requests.with(route.rawValue, model, Self.variant, "\(code)")
        codes[code] = counter
        counter.increment()
    }

    private func wrote(_ tokens: Int) {
        guard tokens > 0 else { return }
        outputTokens.increment(by: tokens)
        requestOutputTokens.observe(Double(tokens))
    }

    private func read(_ tokens: Int) {
        inputTokens.increment(by: tokens)
        requestInputTokens.observe(Double(tokens))
    }
}
