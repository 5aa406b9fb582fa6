import StokerGateway
import StokerWire

/// Cuts and watches streams for the tests.
enum StreamReading {
    /// All events of a stream that comes in these parts, and what is left at its end.
    static func events(_ parts: [[UInt8]]) -> (events: [[UInt8]], rest: [UInt8]?) {
        var cutter = EventCutter()
        var events: [[UInt8]] = []
        for part in parts {
            var index = 0
            reading: while true {
                switch cutter.next(part.span, at: &index, to: part.count) {
                case .event(let range): events.append(Array(part[range]))
                case .carried: events.append(cutter.carried)
                case .needsMore: break reading
                case .tooLarge: return (events, nil)
                }
            }
        }
        return (events, cutter.finish() ? cutter.carried : [])
    }

    static func kinds(_ events: [String], _ watch: inout EventWatch) -> [EventKind] {
        events.map { event in
            let bytes = Array(event.utf8)
            return watch.take(bytes.span, 0..<bytes.count)
        }
    }

    static func watch(_ route: Route, _ payloads: [String]) -> (watch: EventWatch, kinds: [EventKind]) {
        var watch = EventWatch(route)
        let kinds = kinds(payloads.map { "data: \($0)\n\n" }, &watch)
        return (watch, kinds)
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
