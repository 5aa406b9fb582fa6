import StokerCore
import StokerMetrics

/// One event loop's handles to the metrics: looked up once, then used without a lock. Confined to its loop.
final class LoopMeters {
    private let families: GatewayMetrics
    private let lag: Histogram
    private var requests: [RequestKey: RequestMeters] = [:]
    private var backends: [Int: BackendMeters] = [:]
    private let inFlight: [Route: Gauge]
    private let shed: LabelledCases<ShedReason, Counter>
    private let retriesDenied: LabelledCases<RetryDenial, Counter>
    private let disconnects: LabelledCases<DisconnectPhase, Counter>

    private struct RequestKey: Hashable {
        var route: Route
        var model: String
    }

    init(_ families: GatewayMetrics, loop: Int) {
        self.families = families
        lag = families.lag.with("\(loop)")
        inFlight = Dictionary(uniqueKeysWithValues: Route.allCases.map { ($0, families.inFlight.with($0.rawValue)) })
        shed = families.shed.each(ShedReason.self)
        retriesDenied = families.retriesDenied.each(RetryDenial.self)
        disconnects = families.clientDisconnects.each(DisconnectPhase.self)
    }

    /// The handles for one route of one model.
    func request(_ route: Route, model: String) -> RequestMeters {
        let key = RequestKey(route: route, model: model)
        if let known = requests[key] { return known }
        let made = RequestMeters(families, route: route, model: model)
        requests[key] = made
        return made
    }

    /// The handles for one backend.
    func backend(_ cell: BackendCell) -> BackendMeters {
        if let known = backends[cell.id] { return known }
        let made = BackendMeters(families, backend: cell.name)
        backends[cell.id] = made
        return made
    }

    /// A request that broke HTTP's rules or a limit. Rare; the family's lock is cheap enough.
    func rejected(_ reason: String) { families.rejected.with(reason).increment() }

    /// A request refused without asking a backend.
    func shed(_ reason: ShedReason) { shed[reason].increment() }

    /// A client that left early.
    func disconnected(_ phase: DisconnectPhase) { disconnects[phase].increment() }

    /// A failed attempt that was not retried.
    func retryDenied(_ reason: RetryDenial) { retriesDenied[reason].increment() }

    /// A timer tick that came so much too late.
    func ticked(late delay: Duration) { lag.observe(delay.inSeconds) }

    func opened(_ route: Route) { inFlight[route]?.add(1) }
    func closed(_ route: Route) { inFlight[route]?.add(-1) }

    /// Makes the handles of a table's backends, so that their series exist before their first request, and forgets
    /// those of backends that have left it.
    func follow(_ cells: [BackendCell]) {
        backends = Dictionary(cells.map { ($0.id, backend($0)) }, uniquingKeysWith: { first, _ in first })
    }
}

/// The handles for one route of one model.
final class RequestMeters {
    private let families: GatewayMetrics
    private let route: Route
    private let model: String
    private var codes: [Int: Counter] = [:]
    private let duration: Histogram
    private let timeToFirstToken: Histogram
    private let timePerOutputToken: Histogram
    private let inputTokens: Counter
    private let outputTokens: Counter
    private let requestInputTokens: Histogram
    private let requestOutputTokens: Histogram

    /// Canary weights come later; until then there is one variant.
    private static let variant = "stable"

    init(_ families: GatewayMetrics, route: Route, model: String) {
        self.families = families
        self.route = route
        self.model = model
        duration = families.duration.with(route.rawValue, model, Self.variant)
        timeToFirstToken = families.timeToFirstToken.with(model, Self.variant)
        timePerOutputToken = families.timePerOutputToken.with(model, Self.variant)
        inputTokens = families.inputTokens.with(model)
        outputTokens = families.outputTokens.with(model)
        requestInputTokens = families.requestInputTokens.with(model)
        requestOutputTokens = families.requestOutputTokens.with(model)
    }

    /// Counts a request when it ends.
    func finished(code: Int, after elapsed: Duration) {
        duration.observe(elapsed.inSeconds)
        if let counter = codes[code] { return counter.increment() }
        let counter = families.requests.with(route.rawValue, model, Self.variant, "\(code)")
        codes[code] = counter
        counter.increment()
    }

    /// - Parameters:
    ///   - firstToken: from the request's first byte in to the answer's first event out.
    ///   - elapsed: to its last byte out.
    func streamed(firstToken: Duration, elapsed: Duration, tokens: Int) {
        timeToFirstToken.observe(firstToken.inSeconds)
        if tokens > 1 { timePerOutputToken.observe((elapsed - firstToken).inSeconds / Double(tokens - 1)) }
    }

    func wrote(_ tokens: Int) {
        guard tokens > 0 else { return }
        outputTokens.increment(by: tokens)
        requestOutputTokens.observe(Double(tokens))
    }

    func read(_ tokens: Int) {
        inputTokens.increment(by: tokens)
        requestInputTokens.observe(Double(tokens))
    }
}

/// The handles for one backend.
final class BackendMeters {
    private let families: GatewayMetrics
    private let backend: String
    private let duration: Histogram
    private let errors: LabelledCases<AttemptFailure.Reason, Counter>
    private let retries: LabelledCases<AttemptFailure.Reason, Counter>
    private let stalls: LabelledCases<StallPhase, Counter>
    private var codes: [Int: Counter] = [:]

    init(_ families: GatewayMetrics, backend: String) {
        self.families = families
        self.backend = backend
        duration = families.upstreamDuration.with(backend)
        errors = families.upstreamErrors.each(AttemptFailure.Reason.self, after: backend)
        retries = families.retries.each(AttemptFailure.Reason.self, after: backend)
        stalls = families.streamStalls.each(StallPhase.self, after: backend)
    }

    func answered(code: Int) {
        if let counter = codes[code] { return counter.increment() }
        let counter = families.upstreamRequests.with(backend, "\(code)")
        codes[code] = counter
        counter.increment()
    }

    func ended(after elapsed: Duration) { duration.observe(elapsed.inSeconds) }

    func failed(_ failure: AttemptFailure) { errors[failure.reason].increment() }

    func retried(after failure: AttemptFailure) { retries[failure.reason].increment() }

    func stalled(isStreaming: Bool) { stalls[isStreaming ? .streaming : .beforeFirstToken].increment() }
}
