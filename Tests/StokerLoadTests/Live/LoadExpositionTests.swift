import StokerLoad
import StokerMetrics
import Testing

@Suite struct LoadExpositionTests {
    private func page(_ snapshot: LoadSnapshot = LiveStage.snapshot(users: 7)) -> String {
        String(decoding: LoadExposition(snapshot, model: "m").families.exposition(.text004), as: UTF8.self)
    }

    @Test func `every outcome is there before it has happened`() {
        let page = page()
        for outcome in Outcome.allCases {
            let count = outcome == .ok ? 1000 : 0
            #expect(page.contains("stoker_load_requests_total{model=\"m\",outcome=\"\(outcome.rawValue)\"} \(count)\n"))
        }
    }

    @Test(arguments: [
        "stoker_load_requests_in_flight{model=\"m\"} 41", "stoker_load_users{model=\"m\"} 7",
        "stoker_load_elapsed_seconds{model=\"m\"} 90", "stoker_load_output_tokens_total{model=\"m\"} 200000",
        "stoker_load_time_to_first_token_seconds_bucket{model=\"m\",le=\"0.1\"} 0",
        "stoker_load_time_to_first_token_seconds_bucket{model=\"m\",le=\"0.25\"} 1000",
        "stoker_load_time_to_first_token_seconds_count{model=\"m\"} 1000",
        "stoker_load_request_duration_seconds_bucket{model=\"m\",le=\"5.12\"} 1000",
        "stoker_load_send_lag_seconds_bucket{model=\"m\",le=\"0.001\"} 1000",
    ])
    func `the page says`(line: String) { #expect(page().contains(line + "\n")) }

    @Test func `sums are those of the values`() throws {
        let sum = try #require(page().firstMatch(of: /time_to_first_token_seconds_sum\{model="m"\} ([0-9.]+)/))
        #expect(abs(try #require(Double(sum.1)) - 120) < 0.2)
    }

    @Test func `an empty run has a whole page`() {
        let page = page(LiveStage.snapshot(at: 0, inFlight: 0, tally: Tally(partLength: 1)))
        #expect(page.contains("stoker_load_time_per_output_token_seconds_count{model=\"m\"} 0\n"))
    }

    @Test(arguments: ExpositionFormat.allCases)
    func `the validator has nothing to say`(format: ExpositionFormat) {
        let page = LoadExposition(LiveStage.snapshot(), model: "a\"b\\c").families.exposition(format)
        #expect(ExpositionValidator.findings(in: page, as: format).isEmpty)
    }
}
