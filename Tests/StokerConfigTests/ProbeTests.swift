import StokerConfig
import StokerCore
import Testing

@Suite struct ProbeTests {
    private func probes(_ text: String, _ more: String...) throws -> ProbePlans {
        let lines = (["engine: simulator", "port: 9001"] + more + ["probes: \(text)"]).map { "    \($0)\n" }.joined()
        return try Reading.process("a", in: "processes:\n  a:\n\(lines)").probes
    }

    private let health = ProbeTarget.http(url: "http://127.0.0.1:9001/health")

    @Test(arguments: ["off", "false"])
    func `a probe can be switched off`(word: String) throws {
        let plans = try probes("{ startup: \(word), liveness: \(word), readiness: \(word) }")
        #expect(plans.startup == nil && plans.liveness == nil && plans.readiness == nil)
    }

    @Test func `an empty mapping asks the engine's usual question`() throws {
        #expect(try probes("{ liveness: {} }").liveness == ProbePlan(target: health))
    }

    @Test func `numbers alone change only the numbers`() throws {
        let text = "{ readiness: { interval: 5s, timeout: 2s, successes: 3, failures: 4 } }"
        let expected = ProbePlan(
            target: health, interval: .seconds(5), timeout: .seconds(2), successThreshold: 3, failureThreshold: 4)
        #expect(try probes(text).readiness == expected)
        #expect(try probes(text).startup?.interval == .milliseconds(250))
    }

    @Test(arguments: [
        ("{ http: /x }", ProbeTarget.http(url: "http://127.0.0.1:9001/x")),
        ("{ http: \"http://h:1/x?y=1\" }", .http(url: "http://h:1/x?y=1")),
        ("{ http: \"https://h\" }", .http(url: "https://h:443")),
        ("{ tcp: \"[::1]:5\" }", .tcp(host: "::1", port: 5)),
        ("{ exec: [true] }", .exec(command: ["true"])),
        ("{ exec: [./true, a b] }", .exec(command: ["/etc/stoker/true", "a b"])),
    ])
    func `each kind of question is read`(text: String, target: ProbeTarget) throws {
        #expect(try probes("{ liveness: \(text) }").liveness?.target == target)
    }

    @Test func `the start timeout is read`() throws {
        #expect(try probes("{ start_timeout: 7s }").startTimeout == .seconds(7))
    }
}
