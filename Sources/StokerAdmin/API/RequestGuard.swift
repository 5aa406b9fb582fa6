package import StokerCore

/// Keeps a web page that somebody on this machine looks at from speaking to the admin API.
///
/// A browser sends requests wherever a page tells it to. It marks those of other origins (`Origin`, `Sec-Fetch-Site`),
/// and a page whose host name was rebound to 127.0.0.1 still sends its own name as `Host`.
package struct RequestGuard: Sendable, Equatable {
    /// Host names, in lower case, that may be asked for beside `localhost` and any IP address.
    package var hostNames: Set<String>

    /// `hostNames` are those of this machine, in any case.
    package init(hostNames: some Sequence<String>) { self.hostNames = Set(hostNames.map { $0.lowercased() }) }

    /// Throws `forbidden` or `badRequest` for a request that must not be answered.
    package func check(_ request: AdminRequest) throws(ControlError) {
        if request.transport == .tcp {
            try checkHost(request.headers["host"])
            guard request.method == "GET" || request.method == "HEAD" else {
                throw ControlError(
                    code: .forbidden, message: "orders are taken over the unix socket only",
                    hint: "use the stoker command on that machine")
            }
        }
        try checkOrigin(request)
    }

    private func checkHost(_ host: String?) throws(ControlError) {
        guard let host else { throw ControlError(code: .badRequest, message: "the request has no Host") }
        let name = Self.name(ofHost: host)
        guard name == "localhost" || Self.isAddress(name) || hostNames.contains(name) else {
            throw ControlError(
                code: .forbidden, message: "this server does not go by the name \(SafeText.escaped(name.prefix(100)))",
                hint: "ask by IP address, or by the host name of the machine")
        }
    }

    private func checkOrigin(_ request: AdminRequest) throws(ControlError) {
        let site = request.headers["sec-fetch-site"] ?? "none"
        let origin = request.headers["origin"]
        let isOwn = origin.map { $0.lowercased() == "http://\((request.headers["host"] ?? "").lowercased())" } ?? true
        guard site == "none" || site == "same-origin", isOwn else {
            throw ControlError(code: .forbidden, message: "requests of other web pages are refused")
        }
    }

    /// The host without its port, in lower case, an IPv6 address without brackets.
    static func name(ofHost host: String) -> String {
        let host = host.lowercased()
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            return String(host[host.index(after: host.startIndex)..<end])
        }
        return String(host.prefix { $0 != ":" })
    }

    /// Whether the text can only be an IP address: a name never has a colon, nor digits and dots alone.
    static func isAddress(_ text: String) -> Bool {
        guard !text.isEmpty else { return false }
        if text.contains(":") { return true }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
