import NIOCore
import StokerWire

/// The simulator's own pages: evidence, and faults at run time.
enum ControlPages {
    /// Answers `/simulator/PATH`.
    static func answer(_ path: String, _ request: SimulatedRequest, _ engine: SimulatedEngine) -> (Int, [UInt8]) {
        switch (request.method, path) {
        case ("GET", "state"): return (200, StateReport.json(engine.report))
        case ("DELETE", "state"):
            // The start of a measurement: what was late before it is another one's.
            engine.late = Lateness()
            return (200, StateReport.json(engine.report))
        case ("GET", "requests"):
            let limit = request.value(of: "limit").map { Int($0) ?? -1 } ?? Ledger.capacity
            guard limit >= 0 else { return refusal("limit must be a number from 0 on") }
            return (200, StateReport.json(["requests": engine.ledger.latest(limit)]))
        case ("GET", "faults"): return (200, faults(engine))
        case ("POST", "faults"): return post(request, engine)
        case ("DELETE", "faults"): return delete(request, engine)
        default:
            return (404, Array(#"{"error":"known: /simulator/state, /simulator/requests, /simulator/faults"}"#.utf8))
        }
    }

    private static func post(_ request: SimulatedRequest, _ engine: SimulatedEngine) -> (Int, [UInt8]) {
        do throws(FaultError) {
            engine.apply(try FaultFields(json: Array(request.body.readableBytesView)).fault())
            return (200, faults(engine))
        } catch {
            return refusal(error.message)
        }
    }

    private static func delete(_ request: SimulatedRequest, _ engine: SimulatedEngine) -> (Int, [UInt8]) {
        let name = request.value(of: "fault")
        let kind = name.flatMap(FaultKind.init(rawValue:))
        guard name == nil || kind != nil else { return refusal("unknown fault '\(name ?? "")'") }
        engine.clearFaults(kind)
        return (200, faults(engine))
    }

    private static func faults(_ engine: SimulatedEngine) -> [UInt8] {
        Array(#"{"faults":[\#(engine.board.faults.map(\.json).joined(separator: ","))]}"#.utf8)
    }

    private static func refusal(_ message: String) -> (Int, [UInt8]) {
        (400, Array(#"{"error":\#(JSONText.encode(message))}"#.utf8))
    }
}
