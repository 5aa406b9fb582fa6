import FoundationEssentials
package import StokerCore

/// How the admin API and `--json` write values: keys in order, so that equal answers are equal bytes.
package enum AdminJSON {
    package static func encoded(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return Array(try encoder.encode(value))
    }

    package static func decoded<Value: Decodable>(_ type: Value.Type = Value.self, from bytes: [UInt8]) throws -> Value
    {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}

/// The body of `GET /api/v1/events`.
package struct EventPage: Sendable, Equatable, Codable {
    /// Newest last.
    package var events: [Event]

    package init(events: [Event]) { self.events = events }
}

/// The body of an order that was taken.
package struct OrderReceipt: Sendable, Equatable, Codable {
    package var process: String
    package var order: ProcessOrder

    package init(process: String, order: ProcessOrder) {
        self.process = process
        self.order = order
    }
}
