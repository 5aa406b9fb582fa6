import StokerCore

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
    var queryItems: [(name: String, value: String)]? { QueryText.items(of: target.dropFirst(path.count + 1)) }
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
