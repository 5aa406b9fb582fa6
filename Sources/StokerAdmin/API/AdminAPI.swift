package import StokerCore

/// The routes of the admin API and what each answers; no socket is touched here.
///
/// | route | transport | answer |
/// |---|---|---|
/// | `GET /healthz` | both | 200 while the control plane answers at all |
/// | `GET /readyz` | both | 200 when clients are served, else 503 and what is missing |
/// | `GET /metrics` | both | the exposition page |
/// | `GET /api/v1/status` | both | `StatusReport` |
/// | `GET /api/v1/events` | both | `EventPage`; query in `EventQuery.init(items:)` |
/// | `GET /api/v1/requests` | both | `RequestPage`; query in `RequestQuery.init(items:)`; 503 without the gateway |
/// | `GET /api/v1/canaries` | both | `CanaryPage` |
/// | `POST /api/v1/canary/{start,promote,abort}` | unix socket | `CanaryStatus`; query in `CanaryRequest.init` |
/// | `POST /api/v1/processes/NAME/ORDER` | unix socket | 202 once the order (`ProcessOrder`) is taken |
/// | `GET /api/v1/drills/check` | both | `DrillPlan`; query in `DrillOrder.init(items:)`; 409 when it is refused |
/// | `GET /api/v1/drills/ID` | both | `DrillState` of the last drill |
/// | `POST /api/v1/drills` | unix socket | 202 and `DrillState` once it has begun |
/// | `POST /api/v1/drills/ID/{load,cancel}` | unix socket | `DrillState` |
/// | `POST /api/v1/reload` | unix socket | 200 once the new plan runs, 422 when it is refused |
///
/// An error is a `ControlError` as JSON with its status.
package struct AdminAPI: Sendable {
    private let controlPlane: any ControlPlane
    private let metrics: MetricsPage
    private let guardian: RequestGuard

    /// `metrics` answers `/metrics`, `guardian` decides who is heard.
    package init(controlPlane: any ControlPlane, metrics: MetricsPage, guardian: RequestGuard) {
        self.controlPlane = controlPlane
        self.metrics = metrics
        self.guardian = guardian
    }

    /// The answer; never fails, because an error is an answer too. For `HEAD`, the server leaves the body out.
    package func respond(to request: AdminRequest) async -> AdminResponse {
        do throws(ControlError) {
            try guardian.check(request)
            return try await route(request)
        } catch {
            return .error(error)
        }
    }

    private func route(_ request: AdminRequest) async throws(ControlError) -> AdminResponse {
        guard let route = Route(path: request.path) else {
            return .json(404, ControlError(code: .badRequest, message: "no such path"))
        }
        guard request.method == route.method || (route.method == "GET" && request.method == "HEAD") else {
            let error = ControlError(code: .badRequest, message: "\(request.path) takes \(route.method) only")
            var response = AdminResponse.json(405, error)
            response.headers["Allow"] = route.method == "GET" ? "GET, HEAD" : route.method
            return response
        }
        switch route {
        case .health:
            // Asked and thrown away: a control plane that hangs must not look alive.
            _ = await controlPlane.status()
            return .text(200, "ok\n")
        case .readiness:
            let readiness = Readiness(await controlPlane.status())
            return .json(readiness.ready ? 200 : 503, readiness)
        case .metrics: return try await metrics.answer(request)
        case .status: return .json(200, await controlPlane.status())
        case .events: return try await events(request)
        case .requests: return .json(200, try await controlPlane.requests(try RequestQuery(items: query(of: request))))
        case .canaries: return .json(200, CanaryPage(canaries: await controlPlane.canaries()))
        case .canary(let verb):
            return .json(200, try await controlPlane.canary(try CanaryRequest(verb, items: query(of: request))))
        case .reload:
            try await controlPlane.reload()
            return .json(200, ["reloaded": true])
        case .drill(let drill): return try await answer(drill, request)
        case .order(let order, let process):
            try await controlPlane.order(order, process: process)
            return .json(202, OrderReceipt(process: process, order: order))
        }
    }

    private func answer(_ drill: DrillRoute, _ request: AdminRequest) async throws(ControlError) -> AdminResponse {
        switch try await controlPlane.drill(try drill.request(try query(of: request))) {
        case .plan(let plan): .json(200, plan)
        case .state(let state): .json(drill == .begin ? 202 : 200, state)
        }
    }

    private func query(of request: AdminRequest) throws(ControlError) -> [(name: String, value: String)] {
        guard let items = request.queryItems else { throw .badQuery("the query is not well encoded") }
        return items
    }

    private func events(_ request: AdminRequest) async throws(ControlError) -> AdminResponse {
        let query = try EventQuery(items: query(of: request))
        do {
            return .json(200, EventPage(events: try await controlPlane.events(query)))
        } catch {
            return .failure("the event store cannot be read: \(error)")
        }
    }
}

/// What a path asks for.
enum Route: Equatable {
    case health
    case readiness
    case metrics
    case status
    case events
    case requests
    case canaries
    case canary(CanaryRequest.Verb)
    case reload
    case drill(DrillRoute)
    case order(ProcessOrder, process: String)

    /// nil when there is no such path. Exact: a trailing slash or an escape makes another path.
    init?(path: Substring) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts {
        case ["", "healthz"]: self = .health
        case ["", "readyz"]: self = .readiness
        case ["", "metrics"]: self = .metrics
        case ["", "api", "v1", "status"]: self = .status
        case ["", "api", "v1", "events"]: self = .events
        case ["", "api", "v1", "requests"]: self = .requests
        case ["", "api", "v1", "canaries"]: self = .canaries
        case ["", "api", "v1", "reload"]: self = .reload
        case _ where parts.count == 5 && parts[..<4] == ["", "api", "v1", "canary"]:
            guard let verb = CanaryRequest.Verb(rawValue: parts[4]) else { return nil }
            self = .canary(verb)
        default:
            if parts.starts(with: ["", "api", "v1", "drills"]), let drill = DrillRoute(parts.dropFirst(4)) {
                self = .drill(drill)
                return
            }
            guard parts.count == 6, parts[..<4] == ["", "api", "v1", "processes"], !parts[4].isEmpty,
                let order = ProcessOrder(rawValue: parts[5])
            else { return nil }
            self = .order(order, process: parts[4])
        }
    }

    var method: String {
        switch self {
        case .health, .readiness, .metrics, .status, .events, .requests, .canaries: "GET"
        case .reload, .order, .canary: "POST"
        case .drill(let drill): drill.method
        }
    }
}

extension AdminResponse {
    static func json(_ status: Int, _ value: some Encodable) -> AdminResponse {
        do {
            let body = try AdminJSON.encoded(value)
            return AdminResponse(status: status, contentType: "application/json", body: body + [UInt8(ascii: "\n")])
        } catch {
            return failure("the answer cannot be written: \(error)")
        }
    }

    static func error(_ error: ControlError) -> AdminResponse {
        var response = json(error.httpStatus, error)
        if error.code == .busy { response.headers["Retry-After"] = "1" }
        return response
    }

    /// 500 for what is nobody's fault outside.
    static func failure(_ message: String) -> AdminResponse { text(500, message + "\n") }
}
