internal import StokerCore
internal import StokerWire

extension LoadTarget {
    /// Reads `http://host:port/prefix`, `https://…` or `unix:/path/to.sock` (`unix:/path/to.sock:/prefix`).
    ///
    /// The endpoint's path is added to what is there, `/v1` not twice, unless the URL names it in full.
    package init(url text: String, endpoint: Endpoint, flag: String) throws(LoadError) {
        let typed = Typed(flag: flag, text: text)
        if text.hasPrefix("unix:") {
            self = try Self.unix(typed, endpoint)
            return
        }
        let example = "http://127.0.0.1:8080"
        guard let mark = text.firstRange(of: "://") else {
            throw typed.refused("has no scheme (http, https or unix)", try: "http://\(typed.shown)")
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw typed.refused("is neither http, https nor unix", try: example)
        }
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else {
            // Not repeated: what stands before the @ may be a password.
            throw LoadError("\(flag): a URL with a name or password; try --header 'Authorization: Basic …'")
        }
        guard let (host, port) = Self.authority(authority, isTLS: scheme == "https") else {
            throw typed.refused("names no host, or no port from 1 to 65535", try: example)
        }
        let path = try Self.path(rest.dropFirst(authority.count), endpoint, typed)
        self.init(isTLS: scheme == "https", host: host, port: port, path: path, endpoint: endpoint)
    }

    private static func unix(_ typed: Typed, _ endpoint: Endpoint) throws(LoadError) -> LoadTarget {
        let example = "unix:/run/engine.sock"
        let rest = typed.text.dropFirst("unix:".count)
        let socket = rest.prefix { $0 != ":" }
        guard socket.hasPrefix("/"), socket.utf8.count > 1, !socket.utf8.contains(0) else {
            throw typed.refused("names no socket by its whole path", try: example)
        }
        // `sockaddr_un` holds 108 bytes, the last of them 0.
        guard socket.utf8.count <= 107 else {
            throw typed.refused("is longer than the 107 bytes of a socket's path", try: example)
        }
        let path = try path(rest.dropFirst(socket.count + 1), endpoint, typed)
        return LoadTarget(host: "localhost", port: 80, socketPath: String(socket), path: path, endpoint: endpoint)
    }

    private static func authority(_ text: Substring, isTLS: Bool) -> (host: String, port: UInt16)? {
        let whole = text.last == ":" ? text.dropLast() : text
        let colon = whole.last == "]" ? nil : whole.lastIndex(of: ":")
        guard let endpoint = StokerCore.Endpoint(text: colon == nil ? "\(whole):\(isTLS ? 443 : 80)" : String(whole)),
            endpoint.port > 0, isHost(endpoint.host)
        else { return nil }
        return (endpoint.host, endpoint.port)
    }

    private static func isHost(_ host: String) -> Bool {
        let isAddress = host.contains(":")
        return host.utf8.allSatisfy {
            isAddress ? ASCII.hexValue($0) != nil || $0 == ASCII.colon || $0 == ASCII.dot : ASCII.host.contains($0)
        }
    }

    /// The request's path: what was typed, and what the endpoint adds.
    private static func path(_ text: Substring, _ endpoint: Endpoint, _ typed: Typed) throws(LoadError) -> String {
        guard text.utf8.allSatisfy({ ASCII.target.contains($0) }) else {
            throw typed.refused("has a byte that no path may hold", try: "http://127.0.0.1:8080/v1")
        }
        let query = text.drop { $0 != "?" }
        var path = String(text.dropLast(query.count))
        guard path.isEmpty || path.hasPrefix("/") else {
            throw typed.refused("has a path that does not begin with /", try: "unix:/run/engine.sock:/v1")
        }
        guard let (whole, rest) = endpoint.paths else { return (path.isEmpty ? "/" : path) + query }
        while path.hasSuffix("/") { path.removeLast() }
        let named = Endpoint.allCases.first { $0.paths.map { path.hasSuffix($0.afterVersion) } ?? false }
        guard named == nil || named == endpoint else {
            throw typed.refused("is the path of the other kind of endpoint", try: "http://127.0.0.1:8080")
        }
        if named != nil { return path + query }
        return path + (path.hasSuffix("/v1") ? rest : whole) + query
    }
}

extension LoadTarget.Endpoint {
    /// The path at an engine's root, and the part of it after `/v1`; nil: any path.
    fileprivate var paths: (whole: String, afterVersion: String)? {
        switch self {
        case .chat: ("/v1/chat/completions", "/chat/completions")
        case .completions: ("/v1/completions", "/completions")
        case .http: nil
        }
    }
}
