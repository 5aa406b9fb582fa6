import FoundationEssentials
import StokerCore

/// Why a fault is not understood: one line for whoever wrote it.
package struct FaultError: Error, Equatable {
    package var message: String

    package init(message: String) { self.message = message }
}

/// A fault as somebody wrote it: words and their values, from JSON or from `cut after=5 times=1`.
package struct FaultFields: Sendable {
    /// A JSON scalar, or the text after `=`.
    enum Value: Sendable, Decodable {
        case text(String)
        case number(Double)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }
    }

    private(set) var values: [String: Value]

    /// Reads `NAME` or `NAME key=value …`, as the header and the command line have it.
    package init(text: String) throws(FaultError) {
        let words = text.split(separator: " ")
        guard let name = words.first else { throw FaultError(message: "a fault has a name") }
        values = ["fault": .text(String(name))]
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw FaultError(message: "'\(word)' is no key=value")
            }
            guard values[String(parts[0])] == nil else { throw FaultError(message: "'\(parts[0])' comes twice") }
            values[String(parts[0])] = Double(parts[1]).map(Value.number) ?? .text(String(parts[1]))
        }
    }

    /// Reads a JSON object of texts and numbers.
    package init(json: [UInt8]) throws(FaultError) {
        do {
            values = try JSONDecoder().decode([String: Value].self, from: Data(json))
        } catch {
            throw FaultError(
                message: "not a JSON object of texts and numbers, such as {\"fault\": \"cut\", \"after\": 5}")
        }
    }

    /// Takes out a value that is not the fault's own, such as a scenario's `at`.
    mutating func take(_ key: String) -> Value? { values.removeValue(forKey: key) }

    /// The fault; strict: a key that it does not know would be a wish that is silently not granted.
    package func fault() throws(FaultError) -> Fault {
        guard let name = values["fault"] else { throw FaultError(message: "'fault' is missing: the name of a fault") }
        guard case .text(let text) = name, let kind = FaultKind(rawValue: text) else {
            let known = FaultKind.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw FaultError(message: "unknown fault \(name.shown); known: \(known)")
        }
        var fault = Fault(kind)
        for (word, value) in values.sorted(by: { $0.key < $1.key }) where word != "fault" {
            guard let key = FaultKey(rawValue: word), kind.keys.contains(key) else {
                let known = kind.keys.map(\.rawValue).joined(separator: ", ")
                throw FaultError(message: "unknown key '\(word)'; \(text) takes \(known.isEmpty ? "none" : known)")
            }
            try fault.set(key, value)
        }
        if let missing = kind.required.first(where: { values[$0.rawValue] == nil }) {
            throw FaultError(message: "\(text) needs '\(missing.rawValue)'")
        }
        return fault
    }
}

extension FaultKind {
    /// Keys without which it would make no sense, or could not be ended.
    fileprivate var required: [FaultKey] {
        switch self {
        // Nobody can clear it: the socket that would take the request is closed.
        case .refuse, .stallAll: [.lasting]
        case .log: [.name]
        default: []
        }
    }
}

extension Fault {
    fileprivate mutating func set(_ key: FaultKey, _ value: FaultFields.Value) throws(FaultError) {
        switch key {
        case .after: after = try value.integer(key, 0...1_000_000)
        case .every: every = try value.integer(key, 1...1_000_000)
        case .times: times = try value.integer(key, 1...1_000_000)
        case .status: status = try value.integer(key, kind == .exit ? 0...255 : 400...599)
        case .retryAfter: retryAfter = try value.integer(key, 0...86400)
        case .bytes: bytes = try value.bytes(key, 1...(kind == .memory ? 4 << 30 : 64 << 20))
        case .limit: limit = try value.bytes(key, 1...(64 << 30))
        case .factor: factor = try value.number(key, 0.01...10_000)
        case .lasting: lasting = try value.duration(key)
        case .delay: delay = try value.duration(key)
        case .name:
            guard case .text(let text) = value, EngineLog.texts[text] != nil else {
                let known = EngineLog.texts.keys.sorted().joined(separator: ", ")
                throw FaultError(message: "'name' is \(value.shown); known: \(known)")
            }
            name = text
        }
    }
}

extension FaultFields.Value {
    var shown: String {
        switch self {
        case .text(let text): "'\(text.prefix(80))'"
        case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
        }
    }

    func integer(_ key: FaultKey, _ range: ClosedRange<Int>) throws(FaultError) -> Int {
        guard case .number(let number) = self, let whole = Int(exactly: number), range.contains(whole) else {
            throw FaultError(
                message: "'\(key.rawValue)' is \(shown); it must be \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    func number(_ key: FaultKey, _ range: ClosedRange<Double>) throws(FaultError) -> Double {
        guard case .number(let number) = self, range.contains(number) else {
            throw FaultError(
                message: "'\(key.rawValue)' is \(shown); it must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number of bytes, or `32MiB`.
    func bytes(_ key: FaultKey, _ range: ClosedRange<Int>) throws(FaultError) -> Int {
        guard case .text(let text) = self else { return try integer(key, range) }
        guard let size = ByteSize(text: text), let bytes = Int(exactly: size.bytes), range.contains(bytes) else {
            throw FaultError(
                message: "'\(key.rawValue)' is \(shown); write 1048576 or 1MiB, at most \(range.upperBound)")
        }
        return bytes
    }

    func duration(_ key: FaultKey) throws(FaultError) -> Duration { try duration(key.rawValue) }

    func duration(_ key: String) throws(FaultError) -> Duration {
        guard case .text(let text) = self, let duration = Duration(text: text) else {
            throw FaultError(message: "'\(key)' is \(shown); write 250ms, 5s or 1m")
        }
        return duration
    }
}
