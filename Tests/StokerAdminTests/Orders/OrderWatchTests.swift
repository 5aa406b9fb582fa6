import StokerAdmin
import StokerCore
import Testing

@Suite("Watching an order")
struct OrderWatchTests {
    private func status(
        _ state: ProcessStatus.State, since: Int64 = 100, pid: Int32? = nil, reason: String = "",
        lastExit: String? = nil
    ) -> ProcessStatus {
        ProcessStatus(
            name: "a", kind: .inference, engine: nil, state: state, since: Timestamp(milliseconds: since),
            reason: reason,
            pid: pid, lastExit: lastExit)
    }

    @Test("a start is done when the process is ready")
    func start() {
        let watch = OrderWatch(.start, before: status(.stopped))
        #expect(watch.verdict(status(.stopped)) == .waiting("stopped"))
        #expect(
            watch.verdict(status(.starting, since: 200, pid: 7, reason: "loading")) == .waiting("starting: loading"))
        #expect(watch.verdict(status(.unready, since: 250, pid: 7)) == .waiting("unready"))
        #expect(watch.verdict(status(.ready, since: 300, pid: 7)) == .reached("ready (pid 7)"))
    }

    @Test("a start of a ready process is done at once, attached ones too")
    func alreadyReady() {
        let ready = status(.ready, pid: 7)
        #expect(OrderWatch(.start, before: ready).verdict(ready) == .reached("ready (pid 7)"))
        let attached = status(.ready)
        #expect(OrderWatch(.start, before: attached).verdict(attached) == .reached("ready"))
    }

    @Test("a start has failed when the process ends before it is ready, and says how")
    func startFails() {
        let watch = OrderWatch(.start, before: status(.stopped))
        let backoff = status(.backoff, since: 200, reason: "starts again in 1 s", lastExit: "exited with code 1")
        #expect(watch.verdict(backoff) == .failed("backoff: starts again in 1 s (exited with code 1)"))
        #expect(watch.verdict(status(.failed, since: 200, reason: "gave up")) == .failed("failed: gave up"))
        #expect(watch.verdict(status(.stopped, since: 200)) == .failed("stopped again"))
    }

    @Test("an old failure is not taken for the answer to a new start")
    func oldFailure() {
        let failed = status(.failed, reason: "gave up")
        for order in [ProcessOrder.start, .restart] {
            let watch = OrderWatch(order, before: failed)
            #expect(watch.verdict(failed) == .waiting("failed: gave up"))
            #expect(watch.verdict(status(.ready, since: 200, pid: 7)) == .reached("ready (pid 7)"))
            #expect(watch.verdict(status(.failed, since: 200, reason: "gave up")) == .failed("failed: gave up"))
        }
    }

    @Test("a restart is done only when another process than before is ready")
    func restart() {
        let before = status(.ready, since: 100, pid: 7)
        let watch = OrderWatch(.restart, before: before)
        #expect(watch.verdict(before) == .waiting("ready"))
        #expect(watch.verdict(status(.stopping, since: 200, pid: 7)) == .waiting("stopping"))
        #expect(watch.verdict(status(.stopped, since: 210)) == .waiting("stopped"))
        #expect(watch.verdict(status(.starting, since: 220, pid: 8)) == .waiting("starting"))
        #expect(watch.verdict(status(.ready, since: 230, pid: 8)) == .reached("ready (pid 8)"))
        #expect(watch.verdict(status(.backoff, since: 230)) == .failed("backoff"))
    }

    @Test("a stop is done when nothing runs any more, also when it had failed before")
    func stop() {
        let watch = OrderWatch(.stop, before: status(.ready, pid: 7))
        #expect(watch.verdict(status(.stopping, since: 200, pid: 7)) == .waiting("stopping"))
        let stopped = status(.stopped, since: 300, lastExit: "exited with code 0")
        #expect(watch.verdict(stopped) == .reached("stopped (exited with code 0)"))
        #expect(watch.verdict(status(.failed)) == .reached("not running"))
    }

    @Test("a process that left the config is as good as stopped, and never started", arguments: ProcessOrder.allCases)
    func gone(order: ProcessOrder) {
        let verdict = OrderWatch(order, before: status(.ready)).verdict(nil)
        #expect(verdict == (order == .stop ? .reached("gone from the config") : .failed("gone from the config")))
    }
}
