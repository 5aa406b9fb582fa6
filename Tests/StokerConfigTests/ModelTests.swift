import StokerConfig
import StokerCore
import Testing

@Suite struct ModelTests {
    private let processes = "processes: { a: { engine: simulator, port: 1 }, b: { engine: simulator, port: 2 } }\n"

    private func model(_ text: String) throws -> ModelPlan {
        try #require(try Reading.plan(processes + "models: { m: \(text) }").models.first)
    }

    @Test func `a model has backends, a standby, deadlines and seams`() throws {
        let text =
            "{ backends: [a], standby: [b], served_as: x/y, seams: 0, "
            + "deadlines: { connect: 10ms, first_token: 1h, stall: 1s } }"
        let deadlines = Deadlines(connect: .milliseconds(10), firstToken: .seconds(3600), stall: .seconds(1))
        #expect(
            try model(text)
                == ModelPlan(
                    name: "m", backends: ["a"], standby: ["b"], servedAs: "x/y", deadlines: deadlines, seams: 0))
    }

    @Test func `what is not said has the defaults of the core`() throws {
        #expect(try model("{ backends: [a, b] }") == ModelPlan(name: "m", backends: ["a", "b"]))
    }

    @Test func `prefixes are kept together unless told otherwise`() throws {
        #expect(try model("{ backends: [a, b] }").affinity == .prefix)
        #expect(try model("{ backends: [a, b], affinity: none }").affinity == .none)
    }

    @Test func `requests wait as many and as long as told`() throws {
        #expect(try model("{ backends: [a], queue: { size: 0, wait: 100ms } }").queue.size == 0)
        #expect(
            try model("{ backends: [a], queue: { wait: 1h } }").queue == QueuePlan(size: 512, wait: .seconds(3600)))
    }

    @Test func `a canary is neither a backend nor a standby`() throws {
        let read = try model("{ backends: [a], canary: [b] }")
        #expect(read == ModelPlan(name: "m", backends: ["a"], canary: ["b"]))
        #expect(try model("{ backends: [a], canary: [] }").canary.isEmpty)
    }

    @Test func `an empty standby is none`() throws {
        #expect(try model("{ backends: [a], standby: [] }").standby.isEmpty)
    }

    @Test func `names of models are those of the OpenAI API and of Hugging Face`() throws {
        let names = ["gpt-4.1", "deepseek-ai/DeepSeek-R1-0528", "qwen3:32b", "m@site+lora"]
        let text = names.map { "  \"\($0)\": { backends: [a] }\n" }.joined()
        #expect(try Reading.plan(processes + "models:\n\(text)").models.map(\.name) == names)
    }

    @Test func `one process may serve several models`() throws {
        let plan = try Reading.plan(processes + "models: { m: { backends: [a] }, n: { backends: [a, b] } }")
        #expect(plan.models.map(\.backends) == [["a"], ["a", "b"]])
    }
}
