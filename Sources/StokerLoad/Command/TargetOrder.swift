import StokerCore

/// What a person said about whom to ask.
package struct TargetOrder: Sendable, Equatable {
    package var url = "http://127.0.0.1:8080"
    package var endpoint = "chat"
    /// A path of one's own instead of the endpoint's.
    package var path: String?
    package var isStreamed = true
    package var headers: [String] = []
    /// From the flag or the environment; empty is none.
    package var key: String?
    package var isInsecure = false

    package init() {}

    /// The target, its model still open.
    package func target() throws(LoadError) -> LoadTarget {
        let endpoint = try Asked(endpoint, flag: "--endpoint-type").word(of: LoadTarget.Endpoint.self)
        var target = try LoadTarget(url: url, endpoint: endpoint, flag: "--url")
        if let path {
            guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw LoadError(
                    "--endpoint: '\(SafeText.escaped(path))' is no path; try --endpoint /v1/chat/completions")
            }
            target.path = path
        }
        target.isStreamed = endpoint != .http && isStreamed
        target.isInsecure = isInsecure
        for text in headers { target.headers.append(try header(text)) }
        if let key, !key.isEmpty { target.headers.append(try authorization(key)) }
        return target
    }

    /// Where the list of models is, beside the endpoint: whatever stands before `/v1`.
    package static func modelsURL(of target: LoadTarget) -> String {
        let path = target.path.prefix { $0 != "?" }
        let prefix = path.firstRange(of: "/v1/").map { String(path[..<$0.lowerBound]) } ?? ""
        let host = target.host.contains(":") ? "[\(target.host)]" : target.host
        return "\(target.isTLS ? "https" : "http")://\(host):\(target.port)\(prefix)/v1/models"
    }

    private func header(_ text: String) throws(LoadError) -> LoadTarget.Header {
        let (name, value) = try Asked(text, flag: "--header").pair(separator: ":", try: "X-Team: search")
        let isToken = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        guard isToken else { throw LoadError("--header: the name is no header's; try --header 'X-Team: search'") }
        guard !["host", "content-length", "transfer-encoding", "connection"].contains(name.lowercased()) else {
            throw LoadError("--header: \(name) is written by the load test itself")
        }
        return LoadTarget.Header(name: name, value: value)
    }

    private func authorization(_ key: String) throws(LoadError) -> LoadTarget.Header {
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw LoadError("--api-key holds a space, a line break or no ASCII; is the file's last line break in it?")
        }
        return LoadTarget.Header(name: "Authorization", value: "Bearer \(key)")
    }
}
