package import StokerCore

/// Where engines listen: one port, or a port for each of several engines.
package struct ListenRange: Sendable, Equatable {
    package var host: String
    package var first: UInt16
    package var last: UInt16

    /// Engines of one process.
    package static let most = 1000

    package init(_ endpoint: Endpoint) {
        host = endpoint.host
        first = endpoint.port
        last = endpoint.port
    }

    /// Reads `127.0.0.1:9001` or `127.0.0.1:9001-9100`; nil for anything else, a range that goes down or is too long.
    package init?(text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        // A host's name may have a dash; a port after the last one is what counts.
        if parts.count >= 2, let last = parts.last.flatMap({ UInt16($0) }),
            let start = Endpoint(text: parts.dropLast().joined(separator: "-"))
        {
            guard start.port > 0, start.port <= last, last - start.port < Self.most else { return nil }
            self.init(start)
            self.last = last
        } else {
            guard let endpoint = Endpoint(text: text) else { return nil }
            self.init(endpoint)
        }
    }

    package var endpoints: [Endpoint] { (first...max(first, last)).map { Endpoint(host: host, port: $0) } }
}
