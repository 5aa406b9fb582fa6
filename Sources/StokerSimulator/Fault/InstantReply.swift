/// An answer that a fault gives at once, in the engine's place.
package struct InstantReply: Sendable, Equatable {
    package var status: Int
    package var contentType: String
    /// Header lines, each with its line end.
    package var headers = ""
    package var body: String
    /// Bytes that are no HTTP; nothing of the above is sent then, and the connection ends.
    package var garbage: [UInt8]?

    /// nil: this fault leaves the answer to the engine.
    package static func of(
        _ fault: Fault, _ dialect: SimulatorDialect, isStreamed: Bool, native: Bool = false
    ) -> InstantReply? {
        switch fault.kind {
        case .empty:
            return InstantReply(
                status: 200, contentType: isStreamed ? "text/event-stream; charset=utf-8" : "application/json", body: ""
            )
        case .html:
            return InstantReply(
                status: 200, contentType: "text/html",
                body: "<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n")
        case .redirect:
            return InstantReply(
                status: 302, contentType: "text/html", headers: "Location: http://127.0.0.1:9/moved\r\n",
                body: "<html><body>Moved.</body></html>\n")
        case .overload:
            let refusal = Refusal(status: fault.status ?? 503, "The engine is overloaded.")
            let retry = fault.retryAfter.map { "Retry-After: \($0)\r\n" } ?? ""
            return InstantReply(
                status: refusal.status, contentType: "application/json", headers: retry,
                body: refusal.json(dialect, native: native))
        case .error:
            let refusal = Refusal(status: fault.status ?? 500, "Internal server error (simulated)")
            return InstantReply(
                status: refusal.status, contentType: "application/json", body: refusal.json(dialect, native: native))
        case .garbage:
            let bytes: [UInt8] = [0x16, 0x03, 0x01, 0x00, 0xFF, 0x0A, 0x0D, 0x00] + Array("\u{1}SMTP ready?\n".utf8)
            return InstantReply(status: 0, contentType: "", body: "", garbage: bytes)
        default: return nil
        }
    }
}
