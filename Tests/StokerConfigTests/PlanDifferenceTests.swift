import StokerConfig
import StokerCore
import Testing

@Suite struct PlanDifferenceTests {
    private static let base = """
        processes:
          a: { engine: openai, command: [x], port: 9001, env: { A: one } }
          b: { engine: openai, command: [x], port: 9002 }
          far: { engine: vllm, url: "http://h:8000" }
        models: { m: { backends: [a, b] } }

        """

    private func difference(replacing old: String, with new: String) throws -> PlanDifference {
        try #require(Self.base.contains(old))
        return PlanDifference(
            from: try Reading.plan(Self.base), to: try Reading.plan(Self.base.replacing(old, with: new)))
    }

    @Test func `a comment changes nothing`() throws {
        let difference = try difference(replacing: "models:", with: "# hello\nmodels:")
        #expect(difference.isEmpty && difference.refusal == nil)
    }

    @Test func `what came is added, what went is removed`() throws {
        let text = Self.base.replacing("  b: {", with: "  d: { command: [x] }\n  c: {").replacing("a, b", with: "a, c")
        let difference = PlanDifference(from: try Reading.plan(Self.base), to: try Reading.plan(text))
        #expect(difference.added == ["d", "c"] && difference.removed == ["b"])
        #expect(difference.restarted.isEmpty && difference.changesRouting)
    }

    @Test(arguments: [
        ("env: { A: one }", "env: { A: two }"), ("port: 9001", "port: 9009"),
        ("env: { A: one }", "env: { A: one, B: two }"),
        ("env:", "directory: /, env:"),
        ("env:", "limits: { open_files: 99 }, env:"), ("env:", "added_arguments: [--x], env:"),
        ("engine: openai, command: [x], port: 9001, env: { A: one }", "engine: vllm, url: \"http://h\""),
    ])
    func `what a process is started with needs a new start`(old: String, new: String) throws {
        let difference = try difference(replacing: old, with: new)
        #expect(difference.restarted == ["a"] && difference.updated.isEmpty && difference.fixed.isEmpty)
    }

    @Test(arguments: [
        "probes: { readiness: { interval: 9s } }", "restart: { stable_after: 9s }", "stop: { grace: 9s }",
        "start_after: { b: ready }", "autostart: false", "log: { max_size: 1MiB }",
    ])
    func `what only Stoker looks at changes in place`(key: String) throws {
        let difference = try difference(replacing: "env:", with: "\(key), env:")
        #expect(difference.updated == ["a"] && difference.restarted.isEmpty && !difference.changesRouting)
    }

    @Test func `a backend elsewhere that moves is no restart, but another route`() throws {
        let difference = try difference(replacing: "h:8000", with: "h:8001")
        #expect(difference.updated == ["far"] && difference.restarted.isEmpty && difference.changesRouting)
    }

    @Test(arguments: [
        "models: { m: { backends: [a] } }", "models: { m: { backends: [a, b], deadlines: { stall: 9s } } }",
        "models: {}", "models: { m: { backends: [a, b], seams: 0 } }",
        "gateway: { max_body: 1MiB }\nmodels: { m: { backends: [a, b] } }",
    ])
    func `models and limits are another table`(text: String) throws {
        let difference = try difference(replacing: "models: { m: { backends: [a, b] } }", with: text)
        #expect(difference.changesRouting && difference.updated.isEmpty && difference.restarted.isEmpty)
    }

    @Test(arguments: [
        ("state_dir: /srv", ["state_dir", "runtime_dir"]), ("runtime_dir: /srv", ["runtime_dir"]),
        ("gateway: { listen: 127.0.0.1:1 }", ["gateway.listen"]),
        ("admin: { listen: off }", ["admin.listen"]), ("events: { max_age: 1h }", ["events.max_age"]),
        ("events: { max_size: 1MiB }", ["events.max_size"]),
    ])
    func `what a running daemon cannot change is refused by name`(text: String, keys: [String]) throws {
        let difference = try difference(replacing: "models:", with: "\(text)\nmodels:")
        #expect(difference.fixed.map(\.key) == keys)
        let refusal = try #require(difference.refusal)
        for key in keys { #expect(refusal.message.contains(key)) }
        #expect(!refusal.hint.isEmpty)
    }

    @Test func `what only a new gateway can take up replaces the gateway`() throws {
        let threads = try difference(replacing: "models:", with: "gateway: { threads: 3 }\nmodels:")
        #expect(threads.replacesGateway && threads.refusal == nil && threads.restarted.isEmpty)
        let limit = try difference(replacing: "models:", with: "gateway: { max_body: 1MiB }\nmodels:")
        #expect(!limit.replacesGateway)
    }

    @Test func `a certificate is taken up by a running gateway`() throws {
        let tls = "gateway: { tls: { certificate: a.pem, key: b.pem } }"
        let difference = try difference(replacing: "models:", with: "\(tls)\nmodels:")
        #expect(difference.changesRouting && difference.refusal == nil && difference.restarted.isEmpty)
    }

    @Test func `a refusal names the old and the new value`() throws {
        let difference = try difference(replacing: "models:", with: "admin: { listen: off }\nmodels:")
        #expect(
            difference.refusal?.message == "only a restart of stoker can change admin.listen (127.0.0.1:8081 → off)")
    }

    @Test func `a secret that changed is a reason to restart`() throws {
        let text = Reading.processText("engine: simulator", "env: { A: \"${A}\" }")
        let plans = try ["1", "2"].map { value in
            try ConfigReader(program: "stoker", environment: ["A": value], files: Reading.files)
                .read(text: text, name: "x", directory: "/")
        }
        let difference = PlanDifference(from: try #require(plans.first), to: try #require(plans.last))
        #expect(difference.restarted == ["a"])
        #expect(plans.first?.digest == plans.last?.digest)
    }
}
