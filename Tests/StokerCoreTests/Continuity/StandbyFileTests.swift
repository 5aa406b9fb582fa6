import StokerCore
import Testing

struct StandbyFileTests {
    @Test func `model files of cold standbys are read ahead at once and every few minutes`() {
        var stage = StandbyStage(cold: ["c", "d"])
        #expect(stage.cached == [["/models/c.gguf", "/models/d.gguf"]])
        stage.pass(.seconds(900))
        #expect(stage.cached.count == 4)
    }

    @Test func `without a known file nothing is read ahead`() {
        var stage = StandbyStage(cold: [])
        stage.pass(.seconds(7200))
        #expect(stage.cached == [])
    }

    @Test(arguments: [
        (Engine.llamaCpp, ["llama-server", "-m", "/m/a.gguf"], ["/m/a.gguf"]),
        (.llamaCpp, ["llama-server", "--model", "m/a.gguf"], ["/srv/m/a.gguf"]),
        (.llamaCpp, ["llama-server", "--model=/m/a.gguf"], ["/m/a.gguf"]),
        (.llamaCpp, ["llama-server", "-m"], []),
        (.llamaCpp, ["llama-server", "--hf-repo", "x/y"], []),
        (
            .llamaCpp, ["llama-server", "-m", "/m/big-00001-of-00003.gguf"],
            ["/m/big-00001-of-00003.gguf", "/m/big-00002-of-00003.gguf", "/m/big-00003-of-00003.gguf"]
        ),
        (.llamaCpp, ["llama-server", "-m", "/m/big-00001-of-99999.gguf"], ["/m/big-00001-of-99999.gguf"]),
        (.llamaCpp, ["llama-server", "-m", "/m/-of-.gguf"], ["/m/-of-.gguf"]),
        (.vllm, ["vllm", "serve", "/m/deepseek"], ["/m/deepseek"]),
        (.vllm, ["vllm", "serve", "deepseek-ai/DeepSeek-R1"], []),
        (.vllm, ["vllm", "serve", "--model", "./local"], ["/srv/./local"]),
        (.vllm, ["vllm", "serve"], []),
        (.sglang, ["python", "-m", "sglang.launch_server", "--model-path", "/m/x"], ["/m/x"]),
        (.tgi, ["text-generation-launcher", "--model-id", "/m/x"], ["/m/x"]),
        (.ollama, ["ollama", "serve"], []),
    ])
    func `the model's path is read from the command`(engine: Engine, command: [String], paths: [String]) {
        let process = ProcessPlan(
            name: "c", kind: .inference, engine: engine, command: command, directory: "/srv", standby: .cold)
        #expect(ModelFile.paths(of: process) == paths)
    }

    @Test func `an attached process has no files here`() {
        #expect(ModelFile.paths(of: ProcessPlan(name: "far", kind: .inference, engine: .vllm)).isEmpty)
    }
}

struct StandbyTierTests {
    @Test func `standbys of other sites are a tier of their own, in the order of the list`() {
        var plan = standbyPlan(cold: ["c"], warm: ["w"], away: ["far", "farther"])
        plan.models[0].standby = ["far", "w", "farther", "c"]
        #expect(plan.tiers(of: plan.models[0]) == [["a", "b"], ["w", "c"], ["far", "farther"]])
        let table = RoutingTable(plan: plan, statuses: [], version: 1, epoch: 1)
        #expect(table.models[0].tiers == [["a", "b"], ["w", "c"], ["far", "farther"]])
    }

    @Test func `no tier is empty`() {
        let plan = standbyPlan(cold: [], away: ["far"])
        #expect(plan.tiers(of: plan.models[0]) == [["a", "b"], ["far"]])
    }
}

struct ExclusiveStartTests {
    private static let plans = ["a", "c"].map {
        ProcessPlan(name: $0, kind: .inference, engine: .vllm, command: ["x"], exclusive: "gpu0")
    }

    @Test(arguments: [true, false])
    func `a fresh start waits for whoever holds the resource`(isHolding: Bool) {
        let holder = StartSequence.Progress(isStarted: true, isReady: true, isAlive: true, isHolding: isHolding)
        let blockers = StartSequence(Self.plans).blockers(of: Self.plans[1], progress: ["a": holder])
        #expect(blockers == (isHolding ? ["gpu0 is held by a"] : []))
    }

    @Test func `nobody waits for another resource, or for itself`() {
        var other = Self.plans[1]
        other.exclusive = "gpu1"
        let alive = StartSequence.Progress(isStarted: true, isReady: true, isAlive: true)
        let sequence = StartSequence([Self.plans[0], other])
        #expect(sequence.blockers(of: other, progress: ["a": alive, "c": alive]).isEmpty)
    }
}
