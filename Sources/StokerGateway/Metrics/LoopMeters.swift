import StokerCore
import StokerMetrics

/// One event loop's handles to the metrics: looked up once, then used without a lock. Confined to its loop.
package final class LoopMeters {
    private let families: GatewayMetrics
    private let lag: Histogram
    private var requests: [RequestKey: RequestMeters] = [:]
    private var backends: [Int: BackendMeters] = [:]
    private let inFlight: LabelledCases<Route, Gauge>
    private let shed: LabelledCases<ShedReason, Counter>
    private let retriesDenied: LabelledCases<RetryDenial, Counter>
    private let disconnects: LabelledCases<DisconnectPhase, Counter>
    private let unsaved: LabelledCases<UnsavedReason, Counter>
    private let keepAliveComments: Counter

    private struct RequestKey: Hashable {
        var route: Route
        var model: String
    }

    package init(_ families: GatewayMetrics, loop: Int) {
        self.families = families
        lag = families.lag.with("\(loop)")
        inFlight = families.inFlight.each(Route.self)
        for reason in RejectReason.all { _ = families.rejected.with(reason) }
        shed = families.shed.each(ShedReason.self)
        retriesDenied = families.retriesDenied.each(RetryDenial.self)
        disconnects = families.clientDisconnects.each(DisconnectPhase.self)
        unsaved = families.unsavedStreams.each(UnsavedReason.self)
        keepAliveComments = families.keepAliveComments.with()
    }

    /// The handles for one route of one model.
    package func request(_ route: Route, model: String) -> RequestMeters {
        let key = RequestKey(route: route, model: model)
        if let known = requests[key] { return known }
        let made = RequestMeters(families.requests, route: route, model: model)
        requests[key] = made
        return made
    }

    /// The handles for one backend.
    package func backend(_ cell: BackendCell) -> BackendMeters {
        if let known = backends[cell.id] { return known }
        let made = BackendMeters(families.backends, backend: cell.name)
        backends[cell.id] = made
        return made
    }

    /// A request that broke HTTP's rules or a limit, by the name of its fault. Rare; the family's lock is cheap enough.
    package func rejected(_ fault: String) { families.rejected.with(RejectReason.label(of: fault)).increment() }

    /// A request refused without asking a backend.
    package func shed(_ reason: ShedReason) { shed[reason].increment() }

    /// A client that left early.
    package func disconnected(_ phase: DisconnectPhase) { disconnects[phase].increment() }

    /// A failed attempt that was not retried.
    package func retryDenied(_ reason: RetryDenial) { retriesDenied[reason].increment() }

    /// A stream whose backend failed and that nobody could go on with.
    package func unsaved(_ reason: UnsavedReason) { unsaved[reason].increment() }

    /// A comment to a client whose backend is silent.
    package func keepAliveComment() { keepAliveComments.increment() }

    /// A timer tick that came so much too late.
    package func ticked(late delay: Duration) { lag.observe(delay.inSeconds) }

    /// A request has begun.
    package func opened(_ route: Route) { inFlight[route].add(1) }

    /// A request has ended.
    package func closed(_ route: Route) { inFlight[route].add(-1) }

    /// Makes the handles of a table's backends and models, so that their series exist before their first request, and
    /// forgets those of backends that have left it.
    package func follow(_ cells: [BackendCell], models: [String] = []) {
        // The families by model alone come with any of its routes.
        for model in models { _ = request(.chat, model: model) }
        backends = Dictionary(cells.map { ($0.id, backend($0)) }, uniquingKeysWith: { first, _ in first })
    }
}
