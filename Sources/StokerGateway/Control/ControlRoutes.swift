import CLinux
import FoundationEssentials
import StokerCore
import StokerMetrics

/// What the private socket answers. A value: no channel, no bytes of HTTP.
struct ControlRoutes: Sendable {
    struct Answer: Sendable, Equatable {
        var status: Int
        var contentType = "text/plain; charset=utf-8"
        var body: [UInt8]

        static func text(_ status: Int, _ text: String) -> Answer { Answer(status: status, body: Array(text.utf8)) }
    }

    let desk: TableDesk
    let registry: MetricsRegistry
    /// What was finished lately.
    var recent = RecentRequests(capacity: 0)
    /// What the control plane is to hear of.
    var notices = NoticeBoard()
    /// Asks every loop what it is serving.
    var live: @Sendable () -> [LiveRequest] = { [] }

    /// Takes nobody new from now on.
    var leave: @Sendable () -> Void = {}
    /// Whether it does that already.
    var isLeaving: @Sendable () -> Bool = { false }

    /// - Parameter target: path and query.
    func answer(method: String, path target: String, body: [UInt8]) -> Answer {
        let path = target.prefix { $0 != "?" }
        return switch (method, path) {
        case ("PUT", "/table"): put(body)
        case ("GET", "/metrics"):
            Answer(status: 200, contentType: MetricsSnapshot.wireContentType, body: registry.snapshot().encoded())
        case ("GET", "/status"): status(target.dropFirst(path.count + 1))
        case ("GET", "/requests"): requests(target.dropFirst(path.count + 1))
        case ("GET", "/ready"): desk.isReady ? .text(200, "ready\n") : .text(503, "there is no table yet\n")
        case ("PUT", "/leave"): leaves()
        case (_, "/table"), (_, "/metrics"), (_, "/status"), (_, "/requests"), (_, "/ready"), (_, "/leave"):
            .text(405, "method not allowed\n")
        default: .text(404, "PUT /table, PUT /leave, GET /metrics, GET /ready, GET /requests, GET /status\n")
        }
    }

    private func put(_ body: [UInt8]) -> Answer {
        let table: RoutingTable
        do {
            table = try JSONDecoder().decode(RoutingTable.self, from: Data(body))
        } catch {
            return .text(400, "not a routing table: \(error)\n")
        }
        do throws(TableDesk.Refusal) {
            try desk.apply(table)
        } catch {
            return .text(409, "\(error.text)\n")
        }
        return .text(200, "table \(table.version) is in force\n")
    }

    private func leaves() -> Answer {
        leave()
        return .text(202, "takes no new connections and ends with the last it has\n")
    }

    /// - Parameter query: `read=MARK`, up to where the reader knows the notices; without it nothing is forgotten.
    private func status(_ query: Substring) -> Answer {
        let mark = QueryText.items(of: query)?.first { $0.name == "read" }?.value
        let table = desk.table
        var status = desk.status
        status.isLeaving = isLeaving()
        status.notices = notices.read(after: mark.flatMap { NoticeMark(text: $0) })
        status.losses = notices.losses.read(at: clinux_monotonic_time()) { table.isAskedLikeOthers($0) }
        return json(status)
    }

    private func requests(_ text: Substring) -> Answer {
        let query: RequestQuery
        do throws(ControlError) {
            guard let items = QueryText.items(of: text) else { throw .badQuery("the query is not well encoded") }
            query = try RequestQuery(items: items)
        } catch {
            return .text(400, "\(error.message)\n")
        }
        var page = recent.page(query)
        page.take(live: live(), for: query)
        page.backends = desk.table.status.backends
        return json(page)
    }

    private func json(_ value: some Encodable) -> Answer {
        guard let json = try? JSONEncoder().encode(value) else { return .text(500, "cannot encode\n") }
        return Answer(status: 200, contentType: "application/json", body: Array(json))
    }
}
