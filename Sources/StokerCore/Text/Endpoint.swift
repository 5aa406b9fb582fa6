/// A TCP address to listen on or to connect to, written `127.0.0.1:8080` or `[::1]:8080`.
package struct Endpoint: Hashable, Sendable, Codable {
    /// A host name or an IP address, IPv6 without brackets.
    package var host: String
    /// 1 to 65535; 0 asks the kernel to choose and is for tests.
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[ipv6]:port`. Returns nil when the port is missing or out of range, or the host is empty.
    package init?(text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        let digits = text[text.index(after: colon)...]
        guard !host.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits) else {
            return nil
        }
        self.init(host: String(host), port: port)
    }

    /// The address as a person writes it.
    package var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can reach it.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
