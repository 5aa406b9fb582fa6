import StokerCore

/// The parts of an `http://` or `https://` URL that Stoker takes.
struct WebAddress: Equatable {
    var backend: BackendAddress
    /// What follows the authority, beginning with a slash or empty.
    var target: String

    /// Why a text is refused.
    enum Problem: Error {
        case scheme, credentials, authority
    }

    init(_ text: String) throws(Problem) {
        let tls: Bool
        let rest: Substring
        if text.hasPrefix("http://") {
            (tls, rest) = (false, text.dropFirst(7))
        } else if text.hasPrefix("https://") {
            (tls, rest) = (true, text.dropFirst(8))
        } else {
            throw .scheme
        }
        let authority = rest.prefix { !"/?#".contains($0) }
        // A password in a URL would be shown wherever the URL is.
        guard !authority.contains("@") else { throw .credentials }
        guard let endpoint = Self.endpoint(authority, defaultPort: tls ? 443 : 80), endpoint.port != 0,
            endpoint.host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .authority }
        backend = BackendAddress(host: endpoint.host, port: endpoint.port, tls: tls)
        target = String(rest.dropFirst(authority.count))
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .authority }
    }

    private static func endpoint(_ authority: Substring, defaultPort: UInt16) -> Endpoint? {
        let hasPort = authority.hasSuffix("]") ? false : authority.contains(":")
        return Endpoint(text: hasPort ? String(authority) : "\(authority):\(defaultPort)")
    }
}
