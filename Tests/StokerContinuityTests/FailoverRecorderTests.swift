import StokerContinuity
import StokerCore
import Synchronization
import Testing

/// A monotonic clock that the test turns.
final class TurnedClock: Sendable {
    private let nanoseconds = Atomic<Int64>(7_000_000_000_000)

    var now: BootTime { BootTime(nanoseconds: nanoseconds.load(ordering: .sequentiallyConsistent)) }

    func advance(_ milliseconds: Int64) {
        nanoseconds.wrappingAdd(milliseconds * 1_000_000, ordering: .sequentiallyConsistent)
    }
}

@Suite("The recorder of failovers")
struct FailoverRecorderTests {
    private let clock = TurnedClock()
    private let finished = Finished()
    private let recorder: FailoverRecorder

    private final class Finished: Sendable {
        let records = Mutex<[FailoverRecord]>([])
    }

    init() {
        recorder = FailoverRecorder(now: { [clock] in clock.now }, wall: { Timestamp(milliseconds: 5_000) })
        recorder.onFinished { [finished] record in finished.records.withLock { $0.append(record) } }
        let plan = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 1))
        let backends = ["a", "b"].map {
            BackendRoute(name: $0, address: BackendAddress(host: "h", port: 1), inRotation: true)
        }
        recorder.observe(
            .table(
                RoutingTable(
                    version: 1, epoch: 1, limits: plan, backends: backends,
                    models: [ModelRoute(name: "m", tiers: [["a", "b"]])])))
    }

    private func say(_ kind: Event.Kind, _ message: String, of subject: String? = "a") {
        recorder.record(Event(time: Timestamp(milliseconds: 1), kind: kind, subject: subject, message: message))
    }

    private var records: [FailoverRecord] { finished.records.withLock { $0 } }

    @Test func `events of the supervisor are enough for a record`() throws {
        say(.processExited, "killed by SIGKILL, not by the kernel's OOM killer, 3 s after its start")
        #expect(recorder.openCount == 1)
        clock.advance(2000)
        say(.processReady, "ready")
        clock.advance(1500)
        recorder.observe(nil as GatewayStatus?)
        let record = try #require(records.first)
        #expect(record.causes.map(\.words) == ["killed by SIGKILL"])
        #expect(record.restoredSeconds == 2)
        #expect(record.at == Timestamp(milliseconds: 1_500))
    }

    @Test(arguments: [Event.Kind.processStarting, .processRestarting, .backendOut, .backendBack, .gatewayLost])
    func `what says nothing of a loss begins none`(kind: Event.Kind) {
        say(kind, "whatever")
        say(.processExited, "killed by SIGKILL", of: nil)
        #expect(recorder.openCount == 0)
    }

    @Test func `what the gateway reports is joined with it`() throws {
        var loss = BackendLoss(
            number: 1, backend: "a", sign: .connection, words: "refused", noticed: clock.now, isOut: true,
            models: ["m"])
        clock.advance(10)
        loss.models["m"]?.served = clock.now
        loss.models["m"]?.servedBy = "b"
        recorder.observe(
            GatewayStatus(
                version: 1, epoch: 1, backends: [BackendStatus(name: "b", usable: true, inFlight: 0)],
                losses: GatewayLosses(life: 1, losses: [loss])))
        say(.processExited, "exited with code 1")
        clock.advance(100)
        loss.back = clock.now
        let both = ["a", "b"].map { BackendStatus(name: $0, usable: true, inFlight: 0) }
        let status = GatewayStatus(
            version: 1, epoch: 1, backends: both, losses: GatewayLosses(life: 1, losses: [loss]))
        recorder.observe(status)
        clock.advance(1500)
        recorder.observe(status)
        let record = try #require(records.first)
        #expect(record.kind == .exit)
        #expect(record.servedSeconds == 0.01)
        #expect(record.restoredSeconds == 0.11)
    }

    @Test func `a finished failover may be told as an event without an end`() {
        recorder.onFinished { [recorder] record in
            recorder.record(record.event(at: Timestamp(milliseconds: 9)))
        }
        say(.processExited, "killed by SIGKILL")
        say(.processReady, "ready")
        clock.advance(1500)
        recorder.observe(.tick)
        #expect(recorder.openCount == 0)
    }

    @Test func `the event of a failover is a warning when clients noticed`() {
        var record = FailoverRecord(
            model: "m", at: Timestamp(milliseconds: 1), causes: [.init(backend: "a", kind: .exit, words: "x")],
            origin: .lastByte, detectedSeconds: 0.0034)
        record.restoredSeconds = 2
        #expect(record.event(at: Timestamp(milliseconds: 2)).severity == .info)
        #expect(record.event(at: Timestamp(milliseconds: 2)).evidence.contains("detected: 3 ms"))
        record.counts.broken = 1
        #expect(record.event(at: Timestamp(milliseconds: 2)).severity == .warning)
        record.counts.broken = 0
        record.restoredSeconds = nil
        #expect(record.event(at: Timestamp(milliseconds: 2)).severity == .warning)
        #expect(record.event(at: Timestamp(milliseconds: 2)).kind == .failoverFinished)
        #expect(record.event(at: Timestamp(milliseconds: 2)).subject == "m")
    }
}
