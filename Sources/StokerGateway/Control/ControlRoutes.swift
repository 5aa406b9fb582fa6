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

    func answer(method: String, path: String, body: [UInt8]) -> Answer {
        switch (method, path) {
        case ("PUT", "/table"): put(body)
        case ("GET", "/metrics"):
            Answer(status: 200, contentType: MetricsSnapshot.wireContentType, body: registry.snapshot().encoded())
        case ("GET", "/status"): status()
        case (_, "/table"), (_, "/metrics"), (_, "/status"): .text(405, "method not allowed\n")
        default: .text(404, "PUT /table, GET /metrics, GET /status\n")
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

    private func status() -> Answer {
        guard let json = try? JSONEncoder().encode(desk.table.status) else { return .text(500, "cannot encode\n") }
        return Answer(status: 200, contentType: "application/json", body: Array(json))
    }
}
