import StokerCore
import Testing

@Suite("Backend recovery")
struct BackendRecoveryTests {
    static func delay(_ effect: BackendRecovery.Effect?) -> Duration? {
        if case .ask(let after, _) = effect { after } else { nil }
    }

    @Test("the first failure takes it out, the others of the same moment change nothing")
    func first() {
        var recovery = BackendRecovery()
        #expect(recovery.handle(.connectionFailed, jitter: 0.5) == .ask(after: .milliseconds(100), generation: 1))
        #expect(!recovery.isWorking)
        #expect(recovery.handle(.connectionFailed, jitter: 0.5) == nil)
    }

    @Test("it is asked less and less often, every 2 s at last, and taken back at the first answer")
    func backoff() {
        var recovery = BackendRecovery()
        var delays = [Self.delay(recovery.handle(.connectionFailed, jitter: 0.5))]
        for _ in 0..<6 { delays.append(Self.delay(recovery.handle(.silent(generation: 1), jitter: 0.5))) }
        #expect(delays == [100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
        #expect(recovery.handle(.answered(generation: 1), jitter: 0) == .readmit)
        #expect(recovery.isWorking)
        #expect(recovery.handle(.connectionFailed, jitter: 0.5) == .ask(after: .milliseconds(100), generation: 2))
    }

    @Test("the answer to an older question means nothing")
    func late() {
        var recovery = BackendRecovery()
        _ = recovery.handle(.connectionFailed, jitter: 0)
        _ = recovery.handle(.answered(generation: 1), jitter: 0)
        _ = recovery.handle(.connectionFailed, jitter: 0)
        #expect(recovery.handle(.answered(generation: 1), jitter: 0) == nil)
        #expect(recovery.handle(.silent(generation: 1), jitter: 0) == nil)
        #expect(!recovery.isWorking)
    }

    @Test("when the control plane vouches for it, it is asked at once")
    func vouched() {
        var recovery = BackendRecovery()
        #expect(recovery.handle(.vouched, jitter: 0.5) == nil)
        _ = recovery.handle(.connectionFailed, jitter: 0.5)
        #expect(recovery.handle(.vouched, jitter: 0.5) == .ask(after: .zero, generation: 2))
        #expect(recovery.handle(.silent(generation: 1), jitter: 0.5) == nil)
    }

    @Test("jitter spreads the waits by a tenth at most")
    func jitter() {
        for jitter in [-1, 0, 0.5, 1, 2] {
            var recovery = BackendRecovery()
            let delay = Self.delay(recovery.handle(.connectionFailed, jitter: jitter)) ?? .zero
            #expect(delay >= .milliseconds(89) && delay <= .milliseconds(111))
        }
    }
}
