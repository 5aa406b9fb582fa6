import StokerCore
import Testing

@Suite struct GPUSourceStateTests {
    private func state(
        _ change: (inout GPUSourceFacts) -> Void, at now: Duration = .seconds(100)
    ) -> GPUSourceState {
        var facts = GPUSourceFacts()
        change(&facts)
        return facts.state(of: .nvml, at: now, patience: .seconds(5))
    }

    @Test func `before the first answer it is starting, not silent`() {
        let state = state { $0.askedAt = .seconds(96) }
        #expect(state.state == .starting)
        #expect(state.reason == "NVML has not answered yet")
    }

    @Test func `after an answer it is fresh, also while the next question is open`() {
        let answered = state { $0.lastAnswer = Timestamp(milliseconds: 7) }
        #expect(answered.state == .fresh)
        #expect(answered.reason == nil)
        let asked = state {
            $0.lastAnswer = Timestamp(milliseconds: 7)
            $0.askedAt = .seconds(96)
        }
        #expect(asked.state == .fresh)
    }

    @Test(arguments: [(95, "5 s"), (88, "12 s"), (20, "1 min 20 s")])
    func `a question that is open for too long makes it silent, with time and call`(asked: Int, time: String) {
        let state = state {
            $0.lastAnswer = Timestamp(milliseconds: 7)
            $0.askedAt = .seconds(asked)
            $0.call = "nvmlDeviceGetName of GPU 3"
        }
        #expect(state.state == .silent)
        #expect(state.reason == "NVML has not answered for \(time) (nvmlDeviceGetName of GPU 3)")
        #expect(state.lastAnswer == Timestamp(milliseconds: 7))
    }

    @Test func `a hang in the first question is silence, too`() {
        #expect(state { $0.askedAt = .seconds(1) }.state == .silent)
    }

    @Test func `an answer that it cannot is no silence, and not fresh, however good the last one was`() {
        let state = state {
            $0.lastAnswer = Timestamp(milliseconds: 7)
            $0.failure = "the NVIDIA driver is not loaded"
            $0.errors = 3
        }
        #expect(state.state == .unavailable)
        #expect(state.reason == "the NVIDIA driver is not loaded")
        #expect(state.errors == 3)
    }

    @Test func `a hang outweighs an older failure`() {
        #expect(
            state {
                $0.failure = "no"
                $0.askedAt = .seconds(1)
            }.state == .silent)
    }
}
