import StokerConfig
import StokerCore
import Testing

@Suite struct OutlineTests {
    @Test(arguments: Fixture.valid + Fixture.examples)
    func `the effective plan, read again, is the same plan`(fixture: Fixture) throws {
        var plan = try Reading.plan(try fixture.text)
        var again = try Reading.plan(PlanOutline.tree(of: plan).yaml())
        again.digest = plan.digest
        for index in plan.processes.indices { forgetSecrets(&plan.processes[index]) }
        for index in again.processes.indices { forgetSecrets(&again.processes[index]) }
        #expect(again == plan)
    }

    @Test(arguments: Fixture.valid + Fixture.examples)
    func `the effective plan as JSON is the same plan`(fixture: Fixture) throws {
        let plan = try Reading.plan(try fixture.text)
        let again = try Reading.plan(PlanOutline.tree(of: plan).json)
        #expect(again.models == plan.models && again.gateway == plan.gateway)
        #expect(again.processes.map(\.probes) == plan.processes.map(\.probes))
    }

    /// The outline shows stars, which are read as a text of three stars.
    private func forgetSecrets(_ process: inout ProcessPlan) {
        process.environment = process.environment.mapValues { Secret($0.description, isSecret: false) }
    }

    @Test func `strings that YAML reads as something else are quoted`() {
        let words = [
            "yes", "no", "on", "true", "null", "~", "1", "1.5", "0x1F", "", " a", "a: b", "# c", "- d", "*e", "10:20",
        ]
        let tree = OrderedJSON.object(words.map { .init(key: $0, value: .string($0)) })
        for (line, word) in zip(tree.yaml().split(separator: "\n"), words) {
            #expect(line == "\"\(word)\": \"\(word)\"")
        }
    }

    @Test func `control characters and quotes are escaped`() {
        #expect(OrderedJSON.string("a\"\\\n\t\r\u{1}é").json == #""a\"\\\n\t\r\u0001é""#)
    }

    @Test func `objects keep their order and leave out what is not there`() {
        let tree = OrderedJSON.object(of: ["b": .integer(1), "a": nil, "c": .array([.bool(true), .null])])
        #expect(tree.json == "{\n  \"b\": 1,\n  \"c\": [true, null]\n}")
        #expect(tree.yaml() == "b: 1\nc: [true, null]")
    }
}

@Suite struct CheckReportTests {
    @Test(arguments: [
        ("{ a: { engine: simulator } }", "{}", "s.yaml: 1 process, 0 models, fine"),
        (
            "{ a: { engine: simulator }, b: { command: [x] } }", "{ m: { backends: [a] } }",
            "s.yaml: 2 processes, 1 model, fine"
        ),
    ])
    func `a good config is one line`(processes: String, models: String, line: String) throws {
        let plan = try Reading.plan("processes: \(processes)\nmodels: \(models)\n")
        #expect(CheckReport.line(plan, path: "s.yaml") == line)
    }

    @Test func `scripts get every error with its parts`() throws {
        let errors = #expect(throws: ConfigErrors.self) { try Reading.plan("a: 1\n") }
        let answer = CheckReport.refused(try #require(errors)).json
        #expect(answer.contains("\"ok\": false") && answer.contains("\"code\": \"unknown-key\""))
        #expect(answer.contains("\"line\": 1,") && answer.contains("\"column\": 1,") && answer.contains("\"hint\": "))
    }

    @Test func `scripts get warnings beside a plan that is accepted`() throws {
        let plan = try Reading.plan("processes: { a: { engine: simulator } }")
        let warning = ConfigError(place: nil, code: .badCertificate, message: "it has expired", hint: "renew it")
        let answer = CheckReport.accepted(plan, path: "s", withPlan: false, warnings: [warning]).json
        #expect(answer.contains("\"ok\": true") && answer.contains("it has expired"))
    }

    @Test func `scripts get the plan when they ask for it`() throws {
        let plan = try Reading.plan("processes: { a: { engine: simulator } }")
        #expect(CheckReport.accepted(plan, path: "s", withPlan: true).json.contains("\"plan\": {"))
        #expect(!CheckReport.accepted(plan, path: "s", withPlan: false).json.contains("\"plan\""))
    }
}
