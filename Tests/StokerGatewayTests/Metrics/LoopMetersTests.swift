import StokerCore
import StokerGateway
import StokerMetrics
import Testing

@Suite struct LoopMetersTests {
    private let registry = MetricsRegistry(component: "gateway")
    private let meters: LoopMeters
    private let cell = BackendCell(name: "a", address: BackendAddress(host: "127.0.0.1", port: 1))

    init() throws {
        meters = LoopMeters(try GatewayMetrics(registry), loop: 0)
        meters.follow([cell], models: ["m"])
    }

    private func number(_ name: String, _ labels: String...) -> Double? {
        let family = registry.snapshot().families.first { $0.name == "stoker_gateway_\(name)" }
        guard case .number(let number)? = family?.series.first(where: { $0.labels == labels })?.value else {
            return nil
        }
        return number
    }

    private func distribution(_ name: String, _ labels: String...) -> MetricsSnapshot.Distribution? {
        let family = registry.snapshot().families.first { $0.name == "stoker_gateway_\(name)" }
        guard case .histogram(let read)? = family?.series.first(where: { $0.labels == labels })?.value else {
            return nil
        }
        return read
    }

    private func finished(
        _ outcome: RequestOutcome = .ok, code: Int = 200, change: (inout FinishedRequest) -> Void = { _ in }
    ) -> FinishedRequest {
        var request = FinishedRequest(
            id: "r", startedAt: Timestamp(milliseconds: 0), route: "chat", model: "m", backend: "a", attempts: 1,
            code: code, outcome: outcome, durationSeconds: 2)
        change(&request)
        return request
    }

    @Test func `everything whose labels are known is there at zero`() {
        for reason in AttemptFailure.Reason.allCases {
            #expect(number("seams_total", "a", reason.rawValue) == 0, "\(reason)")
            #expect(number("upstream_errors_total", "a", reason.rawValue) == 0, "\(reason)")
            #expect(number("retries_total", "a", reason.rawValue) == 0, "\(reason)")
        }
        for reason in UnsavedReason.allCases {
            #expect(number("unsaved_streams_total", reason.rawValue) == 0, "\(reason)")
        }
        for reason in ShedReason.allCases { #expect(number("shed_requests_total", reason.rawValue) == 0, "\(reason)") }
        for reason in RejectReason.all { #expect(number("rejected_requests_total", reason) == 0, "\(reason)") }
        for outcome in RequestOutcome.allCases {
            #expect(number("request_outcomes_total", "m", outcome.rawValue) == 0, "\(outcome)")
        }
        #expect(number("keep_alive_comments_total") == 0)
        #expect(number("output_tokens_total", "m") == 0)
        for name in ["inter_token_latency_seconds", "time_to_first_token_seconds", "time_per_output_token_seconds"] {
            #expect(distribution(name, "m", "stable")?.count == 0, "\(name)")
        }
        for name in ["queue_wait_seconds", "request_attempts", "request_input_tokens"] {
            #expect(distribution(name, "m")?.count == 0, "\(name)")
        }
    }

    @Test func `a finished stream is counted in every family that it belongs to`() {
        meters.request(.chat, model: "m").count(
            finished {
                $0.stream = true
                $0.queueSeconds = 0.25
                $0.ttftSeconds = 0.5
                $0.tpotSeconds = 0.03
                $0.inputTokens = 11
                $0.cachedInputTokens = 8
                $0.outputTokens = 51
            })
        #expect(number("requests_total", "chat", "m", "stable", "200") == 1)
        #expect(number("request_outcomes_total", "m", "ok") == 1)
        #expect(distribution("request_duration_seconds", "chat", "m", "stable")?.sum == 2)
        #expect(distribution("queue_wait_seconds", "m")?.sum == 0.25)
        #expect(distribution("time_to_first_token_seconds", "m", "stable")?.sum == 0.5)
        #expect(distribution("time_per_output_token_seconds", "m", "stable")?.sum == 0.03)
        #expect(distribution("request_attempts", "m")?.sum == 1)
        #expect(number("cached_input_tokens_total", "m") == 8)
        #expect(number("input_tokens_total", "m") == 11 && number("output_tokens_total", "m") == 51)
        #expect(distribution("request_output_tokens", "m")?.count == 1)
    }

    @Test func `a refused request counts no tokens and no time that it did not have`() {
        meters.request(.chat, model: "m").count(finished(.refused, code: 503) { $0.attempts = 0 })
        #expect(number("requests_total", "chat", "m", "stable", "503") == 1)
        #expect(number("request_outcomes_total", "m", "refused") == 1)
        #expect(distribution("request_attempts", "m")?.counts.first == 1)
        for name in ["queue_wait_seconds", "request_input_tokens", "request_output_tokens"] {
            #expect(distribution(name, "m")?.count == 0, "\(name)")
        }
        #expect(distribution("time_to_first_token_seconds", "m", "stable")?.count == 0)
    }

    @Test func `a request that broke a rule is counted under the name of its fault`() {
        meters.rejected("bareLineFeed")
        meters.rejected("slow_request")
        #expect(number("rejected_requests_total", "bare_line_feed") == 1)
        #expect(number("rejected_requests_total", "slow_request") == 1)
        #expect(number("rejected_requests_total", "bareLineFeed") == nil)
    }

    @Test func `slow requests are found by name, quick ones are not worth an allocation`() throws {
        meters.request(.chat, model: "m").count(finished { $0.durationSeconds = 0.9 })
        #expect(distribution("request_duration_seconds", "chat", "m", "stable")?.exemplars.isEmpty == true)
        meters.request(.chat, model: "m").count(
            finished {
                $0.durationSeconds = 1
                $0.ttftSeconds = 0.5
            })
        for read in [
            distribution("request_duration_seconds", "chat", "m", "stable"),
            distribution("time_to_first_token_seconds", "m", "stable"),
        ] {
            #expect(read?.exemplars.values.map(\.exemplar) == [try #require(Exemplar.request("r"))])
        }
    }

    @Test func `gaps of all routes of a model are one histogram`() {
        meters.request(.chat, model: "m").gap(.milliseconds(20))
        meters.request(.completions, model: "m").gap(.milliseconds(20))
        meters.request(.chat, model: "m").gap(.zero)
        let read = distribution("inter_token_latency_seconds", "m", "stable")
        #expect(read?.count == 3 && read?.counts.first == 1)
        #expect(read?.sum == 0.04)
    }

    @Test func `seams, unsaved streams and comments are counted where they belong`() {
        meters.backend(cell).seam(after: .stalled)
        meters.unsaved(.notPlainText)
        meters.unsaved(.notPlainText)
        meters.keepAliveComment()
        #expect(number("seams_total", "a", "timeout_idle") == 1)
        #expect(number("unsaved_streams_total", "not_plain_text") == 2)
        #expect(number("keep_alive_comments_total") == 1)
    }

    @Test func `every reason is on the metrics page under its name`() {
        #expect(
            UnsavedReason.allCases.map(\.rawValue) == [
                "not_plain_text", "no_dialect", "opted_out", "seam_limit", "too_long", "no_backend",
            ])
    }
}

@Suite struct RejectReasonTests {
    @Test(arguments: [
        ("bareLineFeed", "bare_line_feed"), ("host", "host"), ("encodingInHTTP10", "encoding_in_http10"),
        ("slow_request", "slow_request"), ("headTooLarge", "head_too_large"), ("", ""),
    ])
    func `a fault's name is spelled as labels are`(fault: String, label: String) {
        #expect(RejectReason.label(of: fault) == label)
    }

    @Test func `none of the known is there twice, and each is a label of its own`() {
        #expect(Set(RejectReason.all).count == RejectReason.all.count)
        #expect(RejectReason.all.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isLowercase || "_10".contains($0) } })
    }
}
