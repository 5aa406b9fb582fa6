import StokerCore
import Testing

@Suite struct EngineSlotsTests {
    @Test(arguments: [
        (Engine.llamaCpp, "llama-server -np 4 --port 1", Int?.some(4)),
        (.llamaCpp, "llama-server --parallel 8", 8),
        (.llamaCpp, "llama-server --parallel=2 -np 3", 3),
        (.llamaCpp, "llama-server -np -1", nil),
        (.llamaCpp, "llama-server -np", nil),
        (.llamaCpp, "llama-server --max-num-seqs 3", nil),
        (.vllm, "vllm serve m --max-num-seqs 16", 16),
        (.vllm, "vllm serve m --max_num_seqs=32", 32),
        (.vllm, "vllm serve m --max-num-seqs many", nil),
        (.sglang, "python3 -m sglang.launch_server --max-running-requests 24", 24),
        (.simulator, "stoker simulate --slots 2", 2),
        (.simulator, "stoker simulate --slots 0", nil),
        (.ollama, "ollama serve --parallel 4", nil),
    ])
    func `slots are what the engine's own flag says`(engine: Engine, command: String, slots: Int?) {
        #expect(EngineSlots.read(command.split(separator: " ").map(String.init), of: engine) == slots)
    }
}
