import FoundationEssentials
package import StokerCore

/// How the admin API and `--json` write values: keys in order, so that equal answers are equal bytes.
package enum AdminJSON {
    /// `pretty` is for people; programs get one line.
    package static func encoded(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return Array(try encoder.encode(value))
    }

    /// Reads what `encoded` wrote, and what an earlier version did.
    package static func decoded<Value: Decodable>(_ type: Value.Type = Value.self, from bytes: [UInt8]) throws -> Value
    {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}

/// The body of `GET /api/v1/events`.
package struct EventPage: Sendable, Equatable, Codable {
    /// Newest last.
    package var events: [Event]

    /// A page of these.
    package init(events: [Event]) { self.events = events }
}

/// The body of an order that was taken.
package struct OrderReceipt: Sendable, Equatable, Codable {
    /// Whom the order was for.
    package var process: String
    /// What it was.
    package var order: ProcessOrder

    /// The receipt for one order.
    package init(process: String, order: ProcessOrder) {
        self.process = process
        self.order = order
    }
}
