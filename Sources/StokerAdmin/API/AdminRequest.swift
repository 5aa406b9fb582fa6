/// One request to the admin API, whatever server carried it.
package struct AdminRequest: Sendable, Equatable {
    /// How it came: the socket file's mode has let in whoever comes over it, TCP lets in anybody on the network.
    package enum Transport: Sendable, Equatable {
        case unixSocket
        case tcp
    }

    /// `GET`, in capitals as on the wire.
    package var method: String
    /// Path and query as on the wire: `/api/v1/events?limit=10`.
    package var target: String
    /// Names in lower case.
    package var headers: [String: String]
    /// How it came, which decides what it may ask.
    package var transport: Transport

    /// Any method; no header means no header.
    package init(
        _ method: String, _ target: String, headers: [String: String] = [:],
        transport: Transport = .unixSocket
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.transport = transport
    }

    /// A `GET`.
    package init(_ target: String, headers: [String: String] = [:], transport: Transport = .unixSocket) {
        self.init("GET", target, headers: headers, transport: transport)
    }

    /// The target up to its query, still percent-encoded: no route of ours needs an escape, so an escaped one is no
    /// route.
    var path: Substring { target.prefix { $0 != "?" } }

    /// Name and value of each query item, percent-decoded; nil when an escape is broken.
    var queryItems: [(name: String, value: String)]? {
        let query = target.dropFirst(path.count + 1)
        var items: [(String, String)] = []
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(pair[0]), let value = percentDecoded(pair.count > 1 ? pair[1] : "") else {
                return nil
            }
            items.append((name, value))
        }
        return items
    }
}

/// One answer of the admin API.
package struct AdminResponse: Sendable, Equatable {
    /// The HTTP status.
    package var status: Int
    /// The `Content-Type`, complete.
    package var contentType: String
    /// Further headers, names as they go on the wire.
    package var headers: [String: String]
    /// The whole body; packed when `headers` says so.
    package var body: [UInt8]

    /// An answer with its body.
    package init(status: Int, contentType: String, headers: [String: String] = [:], body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    /// Lines of text for people.
    static func text(_ status: Int, _ text: String) -> AdminResponse {
        AdminResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}

/// The bytes that `%XX` stand for, as UTF-8; nil for a broken escape or invalid UTF-8. `+` stays `+`.
private func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
            return nil
        }
        bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
