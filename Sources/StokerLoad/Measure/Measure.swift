/// What is measured of requests that succeeded; each a distribution.
package enum Measure: String, Sendable, CaseIterable, Codable {
    /// First token, from the intended send time: what a user waits.
    case ttft
    /// First token, from the actual send: comparable with vLLM, aiperf, SGLang.
    case ttftService = "ttft_service"
    /// First output that is not reasoning, from the intended send time.
    case ttfo
    /// Head, from the actual send.
    case ttfb
    /// Actual send minus intended: how honest the run is.
    case sendLag = "send_lag"
    case connect
    /// Gaps between events with tokens, pooled over all requests; events of one read count as no gap.
    case icl
    /// Decode time for each token after the first, one value a request.
    case tpot
    /// End-to-end divided by output tokens.
    case ntpot
    /// Last token, from the intended send time.
    case e2e
    /// Last token, from the actual send.
    case e2eService = "e2e_service"

    /// The definition in one line, printed beside the number: tools mean different things by the same names.
    package var definition: String {
        switch self {
        case .ttft: "first token - intended send"
        case .ttftService: "first token - actual send"
        case .ttfo: "first token that is not reasoning - intended send"
        case .ttfb: "head - actual send"
        case .sendLag: "actual send - intended send"
        case .connect: "TCP and TLS, new connections only"
        case .icl: "gap between events with tokens, pooled"
        case .tpot: "(last token - first token) / (tokens - 1)"
        case .ntpot: "end to end / tokens"
        case .e2e: "last token - intended send"
        case .e2eService: "last token - actual send"
        }
    }
}
