import StokerAdmin
import StokerCore
import StokerProbe

/// Speaks to the daemon over its control socket.
struct ControlClient: Sendable {
    let socket: String
    private let http = CurlClient()

    init(socket: String) { self.socket = socket }

    func status() async throws(ControlFailure) -> StatusReport {
        try decode(await ask("GET", "/api/v1/status"))
    }

    func events(_ query: EventQuery) async throws(ControlFailure) -> [Event] {
        let page: EventPage = try decode(await ask("GET", "/api/v1/events?\(query.queryText)"))
        return page.events
    }

    func requests(_ query: RequestQuery) async throws(ControlFailure) -> RequestPage {
        try decode(await ask("GET", "/api/v1/requests?\(query.queryText)"))
    }

    func order(_ order: ProcessOrder, process: String) async throws(ControlFailure) {
        _ = try await ask("POST", "/api/v1/processes/\(process.percentEncoded)/\(order.rawValue)")
    }

    func canaries() async throws(ControlFailure) -> [CanaryStatus] {
        let page: CanaryPage = try decode(await ask("GET", "/api/v1/canaries"))
        return page.canaries
    }

    func canary(_ request: CanaryRequest) async throws(ControlFailure) -> CanaryStatus {
        try decode(await ask("POST", "/api/v1/canary/\(request.verb.rawValue)?\(request.queryText)"))
    }

    /// Longer than an order may take: the file is read, its secrets are, and programs are looked for.
    func reload() async throws(ControlFailure) {
        _ = try await ask("POST", "/api/v1/reload", timeout: .seconds(30))
    }

    /// What a drill would do, or why it must not be done.
    func checkDrill(_ order: DrillOrder) async throws(ControlFailure) -> DrillPlan {
        try decode(await ask("GET", "/api/v1/drills/check?\(order.queryText)"))
    }

    func beginDrill(_ order: DrillOrder) async throws(ControlFailure) -> DrillState {
        try decode(await ask("POST", "/api/v1/drills?\(order.queryText)"))
    }

    func drill(_ id: Int64) async throws(ControlFailure) -> DrillState {
        try decode(await ask("GET", "/api/v1/drills/\(id)"))
    }

    func tellLoad(_ load: DrillLoad, drill id: Int64) async throws(ControlFailure) {
        _ = try await ask("POST", "/api/v1/drills/\(id)/load?\(load.queryText)")
    }

    private func ask(
        _ method: String, _ target: String, timeout: Duration = .seconds(5)
    ) async throws(ControlFailure) -> ClientResponse {
        let request = ClientRequest(method, url: "http://stoker\(target)", unixSocket: socket, timeout: timeout)
        let response: ClientResponse
        do throws(ClientError) {
            response = try await http.send(request)
        } catch {
            throw ControlFailure.unreachable(socket: socket, error)
        }
        guard (200..<300).contains(response.status) else {
            let refusal = try? AdminJSON.decoded(ControlError.self, from: response.body)
            throw refusal.map(ControlFailure.refused) ?? .failed("HTTP \(response.status): \(response.text)")
        }
        return response
    }

    private func decode<Value: Decodable>(_ response: ClientResponse) throws(ControlFailure) -> Value {
        do {
            return try AdminJSON.decoded(from: response.body)
        } catch {
            throw .failed(
                "the daemon at \(socket) answers what this stoker does not understand; are both of one version?")
        }
    }
}

/// Why the daemon did not do what was asked.
enum ControlFailure: Error {
    /// Nobody answers at the socket.
    case unreachable(socket: String, ClientError)
    /// The daemon said no.
    case refused(ControlError)
    case failed(String)

    /// What is wrong, and below it what to do.
    var text: String {
        switch self {
        case .unreachable(let socket, let error) where error.kind == .connect:
            "no daemon answers at \(socket): \(error.message)\n  try: \(Self.remedy(error))"
        case .unreachable(let socket, let error): "the daemon at \(socket) is silent: \(error.message)"
        case .refused(let error): error.hint.map { "\(error.message)\n  try: \($0)" } ?? error.message
        case .failed(let message): message
        }
    }

    /// 2 for what the person has to put right first, 1 for bad news.
    var exitCode: Int32 {
        switch self {
        case .unreachable(_, let error): error.kind == .connect ? 2 : 1
        case .refused(let error): error.isPassing ? 1 : 2
        case .failed: 1
        }
    }

    private static func remedy(_ error: ClientError) -> String {
        // 13 is EACCES on every Linux.
        error.systemError == 13 ? "as root, or as a member of the socket's group" : "stoker run"
    }
}
