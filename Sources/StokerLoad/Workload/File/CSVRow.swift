internal import StokerWire

/// One line of a CSV file (RFC 4180), without line breaks inside of quotes.
struct CSVRow {
    let fields: [String]

    init(_ bytes: [UInt8]) {
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        for byte in bytes {
            if byte == ASCII.quote {
                // A doubled quote inside of quotes is one; numbers and dates hold none, so both may go.
                isQuoted.toggle()
            } else if byte == ASCII.comma, !isQuoted {
                fields.append(Self.trimmed(field))
                field.removeAll(keepingCapacity: true)
            } else {
                field.append(byte)
            }
        }
        fields.append(Self.trimmed(field))
        self.fields = fields
    }

    private static func trimmed(_ field: [UInt8]) -> String {
        func isInner(_ byte: UInt8) -> Bool { byte != ASCII.space && byte != ASCII.tab }
        guard let first = field.firstIndex(where: isInner), let last = field.lastIndex(where: isInner) else {
            return ""
        }
        return String(decoding: field[first...last], as: UTF8.self)
    }
}

/// Finds a CSV file's columns by the names in its first line, in any order and case.
struct CSVColumns {
    private let places: [String: Int]

    /// - Throws: when a column is missing, naming those that are needed.
    init(_ needed: [String], _ row: RowReader.Row?, _ reader: RowReader) throws(LoadError) {
        let expected = "expected a first line with \(needed.joined(separator: ", "))"
        guard let row else { throw LoadError("\(reader.path): the file is empty; \(expected)") }
        var places: [String: Int] = [:]
        for (place, name) in CSVRow(row.bytes).fields.enumerated() where places[name.lowercased()] == nil {
            places[name.lowercased()] = place
        }
        for name in needed where places[name.lowercased()] == nil {
            throw reader.fault(row.line, "no column \(name); \(expected)")
        }
        self.places = places
    }

    /// The field of a row in that column; nil when the row is too short.
    func field(_ name: String, of row: CSVRow) -> String? {
        guard let place = places[name.lowercased()], place < row.fields.count else { return nil }
        return row.fields[place]
    }
}
