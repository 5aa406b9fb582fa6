/// Writes requests: all but the length and the body is the same each time and made once.
struct RequestWriter: Sendable {
    private let head: [UInt8]
    private let hasBody: Bool

    /// - Parameter hasBody: a POST, else a GET.
    init(_ target: LoadTarget, hasBody: Bool, userAgent: String) {
        self.hasBody = hasBody
        var text = "\(hasBody ? "POST" : "GET") \(target.path) HTTP/1.1\r\nHost: \(Self.authority(target))\r\n"
        var fields = [
            ("User-Agent", userAgent), ("Accept-Encoding", "identity"),
            ("Accept", target.isStreamed && target.endpoint != .http ? "text/event-stream" : "*/*"),
        ]
        if hasBody { fields.append(("Content-Type", "application/json")) }
        for (name, value) in fields where !target.headers.contains(where: { $0.name.lowercased() == name.lowercased() })
        {
            text += "\(name): \(value)\r\n"
        }
        for header in target.headers { text += "\(header.name): \(header.value)\r\n" }
        head = Array(text.utf8)
    }

    /// Appends one request.
    func write(_ body: [UInt8], into out: inout [UInt8]) {
        out.append(contentsOf: head)
        if hasBody { Self.appendLength(body.count, to: &out) }
        out.append(contentsOf: Self.lineEnd)
        if hasBody { out.append(contentsOf: body) }
    }

    private static let lengthName = Array("Content-Length: ".utf8)
    private static let lineEnd = Array("\r\n".utf8)

    private static func appendLength(_ length: Int, to out: inout [UInt8]) {
        out.append(contentsOf: lengthName)
        out.append(contentsOf: String(length).utf8)
        out.append(contentsOf: lineEnd)
    }

    private static func authority(_ target: LoadTarget) -> String {
        if target.socketPath != nil { return "localhost" }
        let host = target.host.contains(":") ? "[\(target.host)]" : target.host
        return target.port == (target.isTLS ? 443 : 80) ? host : "\(host):\(target.port)"
    }
}
