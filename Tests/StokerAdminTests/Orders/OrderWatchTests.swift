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

    /// Long after everything in these tests.
    private let later = Timestamp(milliseconds: 10_000)

    @Test("a start is done when the process is ready")
    func start() {
        let watch = OrderWatch(.start, before: status(.stopped))
        #expect(watch.verdict(status(.stopped), at: later) == .waiting("stopped"))
        #expect(
            watch.verdict(status(.starting, since: 200, pid: 7, reason: "loading"), at: later)
                == .waiting("starting: loading"))
        #expect(watch.verdict(status(.unready, since: 250, pid: 7), at: later) == .waiting("unready"))
        #expect(watch.verdict(status(.ready, since: 300, pid: 7), at: later) == .reached("ready (pid 7)"))
    }

    @Test("a start of a ready process is done at once, attached ones too")
    func alreadyReady() {
        let ready = status(.ready, pid: 7)
        #expect(OrderWatch(.start, before: ready).verdict(ready, at: later) == .reached("ready (pid 7)"))
        let attached = status(.ready)
        #expect(OrderWatch(.start, before: attached).verdict(attached, at: later) == .reached("ready"))
    }

    @Test("a start has failed when the process ends before it is ready, and says how")
    func startFails() {
        let watch = OrderWatch(.start, before: status(.stopped))
        let backoff = status(.backoff, since: 200, reason: "starts again in 1 s", lastExit: "exited with code 1")
        #expect(watch.verdict(backoff, at: later) == .failed("backoff: starts again in 1 s (exited with code 1)"))
        #expect(watch.verdict(status(.failed, since: 200, reason: "gave up"), at: later) == .failed("failed: gave up"))
        #expect(watch.verdict(status(.stopped, since: 200), at: later) == .failed("stopped again"))
    }

    @Test("a process that has been ready for an instant is not believed yet, for it may end at once")
    func settling() {
        let watch = OrderWatch(.start, before: status(.stopped))
        let ready = status(.ready, since: 9501, pid: 7)
        #expect(watch.verdict(ready, at: later) == .waiting("ready"))
        #expect(watch.verdict(ready, at: Timestamp(milliseconds: 10_001)) == .reached("ready (pid 7)"))
        let ended = status(.backoff, since: 9510, lastExit: "exited with code 1")
        #expect(watch.verdict(ended, at: later) == .failed("backoff (exited with code 1)"))
    }

    @Test("an old failure is not taken for the answer to a new start")
    func oldFailure() {
        let failed = status(.failed, reason: "gave up")
        for order in [ProcessOrder.start, .restart] {
            let watch = OrderWatch(order, before: failed)
            #expect(watch.verdict(failed, at: later) == .waiting("failed: gave up"))
            #expect(watch.verdict(status(.ready, since: 200, pid: 7), at: later) == .reached("ready (pid 7)"))
            #expect(
                watch.verdict(status(.failed, since: 200, reason: "gave up"), at: later) == .failed("failed: gave up"))
        }
    }

    @Test("a restart is done only when another process than before is ready")
    func restart() {
        let before = status(.ready, since: 100, pid: 7)
        let watch = OrderWatch(.restart, before: before)
        #expect(watch.verdict(before, at: later) == .waiting("ready"))
        #expect(watch.verdict(status(.stopping, since: 200, pid: 7), at: later) == .waiting("stopping"))
        #expect(watch.verdict(status(.stopped, since: 210), at: later) == .waiting("stopped"))
        #expect(watch.verdict(status(.starting, since: 220, pid: 8), at: later) == .waiting("starting"))
        #expect(watch.verdict(status(.ready, since: 230, pid: 8), at: later) == .reached("ready (pid 8)"))
        #expect(watch.verdict(status(.backoff, since: 230), at: later) == .failed("backoff"))
    }

    @Test("a stop is done when nothing runs any more, also when it had failed before")
    func stop() {
        let watch = OrderWatch(.stop, before: status(.ready, pid: 7))
        #expect(watch.verdict(status(.stopping, since: 200, pid: 7), at: later) == .waiting("stopping"))
        let stopped = status(.stopped, since: 300, lastExit: "exited with code 0")
        #expect(watch.verdict(stopped, at: later) == .reached("stopped (exited with code 0)"))
        #expect(watch.verdict(status(.failed), at: later) == .reached("not running"))
    }

    private func draining(_ inFlight: Int?) -> ProcessStatus {
        var status = status(.draining, since: 200, pid: 7)
        status.inFlight = inFlight
        return status
    }

    @Test(
        "a drain is done when the gateway says that nothing is in flight",
        arguments: [ProcessOrder.drain, .drainAnyway])
    func drain(order: ProcessOrder) {
        let watch = OrderWatch(order, before: status(.ready, pid: 7))
        #expect(watch.verdict(status(.ready, pid: 7), at: later) == .waiting("ready"))
        #expect(watch.verdict(draining(nil), at: later) == .waiting("draining"))
        #expect(watch.verdict(draining(3), at: later) == .waiting("draining: 3 in flight"))
        #expect(watch.verdict(draining(0), at: later) == .reached("drained: nothing is in flight"))
    }

    @Test("a drain has failed when the process ends")
    func drainFails() {
        let watch = OrderWatch(.drain, before: status(.ready, pid: 7))
        let ended = status(.backoff, since: 300, reason: "restarts", lastExit: "exited with code 1")
        #expect(watch.verdict(ended, at: later) == .failed("backoff: restarts (exited with code 1)"))
    }

    @Test("an undone drain is done when the process drains no more")
    func undrain() {
        let watch = OrderWatch(.undrain, before: draining(0))
        #expect(watch.verdict(draining(0), at: later) == .waiting("draining"))
        #expect(watch.verdict(status(.ready, pid: 7), at: later) == .reached("ready"))
    }

    @Test("a gateway whose successor does not come up was not restarted, whatever failed before")
    func notReplaced() {
        var before = status(.ready, pid: 7)
        before.failure = "attempt 1"
        let watch = OrderWatch(.restart, before: before)
        #expect(watch.verdict(before, at: later) == .waiting("ready"))
        var after = before
        after.failure = "attempt 2"
        #expect(watch.verdict(after, at: later) == .failed("attempt 2"))
        #expect(watch.verdict(status(.ready, since: 300, pid: 8), at: later) == .reached("ready (pid 8)"))
    }

    @Test("a process that left the config is as good as stopped, and never started", arguments: ProcessOrder.allCases)
    func gone(order: ProcessOrder) {
        let verdict = OrderWatch(order, before: status(.ready)).verdict(nil, at: later)
        let isEnd = order == .stop || order == .stopNow
        #expect(verdict == (isEnd ? .reached("gone from the config") : .failed("gone from the config")))
    }
}
