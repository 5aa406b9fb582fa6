import StokerCore

/// Something to go wrong, and how.
package struct Fault: Sendable, Equatable {
    package var kind: FaultKind
    /// Events of the answer that come before it.
    package var after = 1
    /// It strikes each k-th request or connection.
    package var every = 1
    /// How often it strikes before it is over; nil is no bound.
    package var times: Int?
    /// How long it stays; nil is until it is cleared.
    package var lasting: Duration?
    package var delay: Duration?
    package var status: Int?
    /// Seconds of `Retry-After`; nil sends none.
    package var retryAfter: Int?
    package var bytes: Int?
    package var limit: Int?
    package var factor = 10.0
    /// Which text a `log` or `crash` writes.
    package var name: String?

    package init(_ kind: FaultKind) {
        self.kind = kind
        // An engine that breaks at once is the commonest of these.
        if kind == .crash { name = "traceback" }
    }

    /// As JSON, with the keys that were given or matter.
    package var json: String {
        var fields = [#""fault":"\#(kind.rawValue)""#]
        for key in kind.keys {
            if let value = value(of: key) { fields.append(#""\#(key.rawValue)":\#(value)"#) }
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    private func value(of key: FaultKey) -> String? {
        switch key {
        case .after: "\(after)"
        case .every: every == 1 ? nil : "\(every)"
        case .times: times.map { "\($0)" }
        case .lasting: lasting.map { "\"\($0.text)\"" }
        case .delay: delay.map { "\"\($0.text)\"" }
        case .status: status.map { "\($0)" }
        case .retryAfter: retryAfter.map { "\($0)" }
        case .bytes: bytes.map { "\($0)" }
        case .limit: limit.map { "\($0)" }
        case .factor: "\(factor)"
        case .name: name.map { "\"\($0)\"" }
        }
    }
}
