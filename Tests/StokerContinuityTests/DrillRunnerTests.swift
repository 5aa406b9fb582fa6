import Foundation
import StokerContinuity
import StokerCore
import StokerStore
import StokerTesting
import Synchronization
import Testing

@Suite("The runner of drills", .timeLimit(.minutes(1)))
struct DrillRunnerTests {
    @Test func `a kill is written down, announced, done, and judged by what the clock measured`() async throws {
        let bench = try DrillBench()
        let record = try await bench.drill(DrillOrder(.kill, targets: ["a"])) { bench in
            // The record was on the disk before the signal.
            #expect(bench.hands.recordsAtFirstSignal == 1)
            bench.lose("a")
            bench.restore("a")
        }
        #expect(bench.hands.done == ["SIGKILL 7"])
        #expect(record.verdict == .pass)
        #expect(record.failovers.map(\.drill) == [1])
        #expect(record.failovers.map(\.origin) == [.fault])
        #expect(record.host == "h" && record.version == "v" && record.configDigest == "d")
        #expect(try ContinuityStore.drills(path: bench.path) == [record])
    }

    @Test func `a hang ends by SIGCONT after its time`() async throws {
        let bench = try DrillBench()
        let record = try await bench.drill(DrillOrder(.hang, targets: ["a"], lasts: .seconds(3))) { bench in
            #expect(bench.hands.done == ["SIGSTOP 7"])
            bench.lose("a")
            await bench.pass(.seconds(3))
            bench.restore("a")
        }
        #expect(bench.hands.done == ["SIGSTOP 7", "SIGCONT 7"])
        #expect(record.stopped.map(\.pid) == [7])
        #expect(record.verdict == .pass)
    }

    @Test func `a hang that is cancelled ends at once`() async throws {
        let bench = try DrillBench()
        let record = try await bench.drill(DrillOrder(.hang, targets: ["a"], lasts: .seconds(300))) { bench in
            _ = try await bench.runner.answer(.cancel(1))
        }
        // Its time passes only while the runner waits.
        #expect(bench.clock.now.offset < .seconds(300))
        #expect(bench.hands.done == ["SIGSTOP 7", "SIGCONT 7"])
        #expect(record.verdict == .cancelled)
    }

    @Test func `a drain takes out of the table and puts in again`() async throws {
        let bench = try DrillBench()
        let record = try await bench.drill(DrillOrder(.drain, targets: ["a"], lasts: .seconds(2))) { bench in
            bench.lose("a", sign: .table)
            await bench.pass(.seconds(2))
            bench.restore("a")
        }
        #expect(bench.hands.done == ["hold a", "hold "])
        #expect(record.failovers.map(\.kind) == [.drain])
    }

    @Test func `a fault that nobody notices is a failed drill`() async throws {
        let bench = try DrillBench()
        let record = try await bench.drill(DrillOrder(.kill, targets: ["a"])) { _ in }
        #expect(record.verdict == .fail)
        #expect(record.reasons == ["nobody noticed the fault, so nothing was measured"])
    }

    @Test func `it waits for what the load saw, but not for ever`() async throws {
        let bench = try DrillBench()
        let load = DrillLoad(users: 2, requests: 9, failed: 0, broken: 1)
        let record = try await bench.drill(DrillOrder(.kill, targets: ["a"], users: 2)) { bench in
            bench.lose("a")
            bench.restore("a")
            try await bench.until(.measured)
            _ = try await bench.runner.answer(.load(1, load))
        }
        #expect(record.load == load)
        #expect(record.verdict == .fail)
        // A runner that was cancelled takes no more orders.
        let other = try DrillBench()
        let deaf = try await other.drill(DrillOrder(.kill, targets: ["a"], users: 2)) { bench in
            bench.lose("a")
            bench.restore("a")
        }
        #expect(deaf.load == nil)
        #expect(deaf.reasons == ["its load sent nothing"])
    }

    @Test func `one at a time; what is refused leaves no record`() async throws {
        let bench = try DrillBench()
        _ = try await bench.drill(DrillOrder(.hang, targets: ["a"], lasts: .seconds(9))) { bench in
            await #expect(throws: ControlError.self) {
                try await bench.runner.answer(.begin(DrillOrder(.kill, targets: ["b"])))
            }
            bench.lose("a")
            bench.restore("a")
        }
        await #expect(throws: ControlError.self) {
            try await bench.runner.answer(.check(DrillOrder(.kill, targets: ["unknown"])))
        }
        await #expect(throws: ControlError.self) { try await bench.runner.answer(.state(99)) }
        #expect(try ContinuityStore.drills(path: bench.path).count == 1)
    }

    @Test func `what a dead control plane had stopped goes on, and its drill is closed`() async throws {
        let bench = try DrillBench()
        var record = DrillRecord(
            order: DrillOrder(.hang, targets: ["a"]), startedAt: Timestamp(milliseconds: 1), host: "h", version: "v",
            configDigest: "d", policy: DrillPolicy(), plan: [])
        record.stopped = [ProcessIdentity(pid: 7, startTime: 1, bootID: "x")]
        let store = ContinuityStore(path: bench.path)
        _ = try await store.begin(record)
        let closed = await DrillLeftovers.close(in: store, now: Timestamp(milliseconds: 9)) {
            bench.hands.send($0, to: $1)
        }
        #expect(bench.hands.done == ["SIGCONT 7"])
        #expect(closed.map(\.verdict) == [.interrupted])
        #expect(try store.openDrills().isEmpty)
        let again = await DrillLeftovers.close(in: store, now: Timestamp(milliseconds: 9)) { _, _ in true }
        #expect(again.isEmpty)
    }
}

/// A runner with a clock that the test moves, and a world of its making: `a` and `b` answer for `m`.
final class DrillBench: Sendable {
    let clock = ManualClock()
    let boot = TurnedClock()
    let recorder: FailoverRecorder
    let runner: DrillRunner<ManualClock>
    let hands: FakeHands
    let path: String
    private let endings: AsyncStream<DrillRecord>
    private let losses = Mutex<[BackendLoss]>([])

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }

    init() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "stoker-drill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.path + "/continuity.sqlite"
        let boot = boot
        let (endings, end) = AsyncStream.makeStream(of: DrillRecord.self)
        let recorder = FailoverRecorder(now: { boot.now }, wall: { Timestamp(milliseconds: 5) })
        let hands = FakeHands(path: path)
        (self.path, self.recorder, self.hands, self.endings) = (path, recorder, hands, endings)
        recorder.observe(.table(hands.table))
        runner = DrillRunner(
            hands: hands, store: ContinuityStore(path: path), recorder: recorder,
            place: DrillPlace(host: "h", version: "v"), clock: clock, now: { Timestamp(milliseconds: 5) },
            onEnd: { end.yield($0) })
    }

    deinit { try? FileManager.default.removeItem(atPath: String(path.dropLast("/continuity.sqlite".count))) }

    /// Orders a drill, lets `events` happen once the fault is there, and gives time until it is done.
    func drill(
        _ order: DrillOrder, _ events: @escaping @Sendable (DrillBench) async throws -> Void
    ) async throws -> DrillRecord {
        try await withThrowingTaskGroup(of: DrillRecord?.self) { group in
            group.addTask {
                await self.runner.run()
                return nil
            }
            _ = try await runner.answer(.begin(order))
            await clock.sleepers(1)
            try await events(self)
            let isOver = Flag()
            group.addTask {
                while !isOver.isSet { await self.step() }
                return nil
            }
            var record: DrillRecord?
            for await ended in endings {
                record = ended
                break
            }
            // Whoever waits for a sleeper gets one, and sees that there is nothing more to do.
            isOver.set()
            group.addTask {
                try? await self.clock.sleep(for: .seconds(1))
                return nil
            }
            while !group.isEmpty, !Task.isCancelled, try await group.next() != nil { group.cancelAll() }
            return try #require(record)
        }
    }

    func until(_ phase: DrillState.Phase) async throws {
        while case .state(let state) = try await runner.answer(.state(1)), state.phase != phase { await step() }
    }

    func pass(_ duration: Duration) async {
        let end = clock.now.advanced(by: duration)
        while clock.now < end { await step() }
    }

    /// A little time passes once the runner waits for it, and the gateway is asked.
    private func step() async {
        await clock.sleepers(1)
        clock.advance(by: .milliseconds(100))
        boot.advance(100)
        report()
    }

    // MARK: What happens

    func lose(_ name: String, sign: BackendLoss.Sign = .connection) {
        var loss = BackendLoss(
            number: Int64(losses.withLock { $0.count } + 1), backend: name, sign: sign, noticed: boot.now, isOut: true,
            models: ["m"])
        loss.models["m"]?.served = boot.now
        loss.models["m"]?.servedBy = "b"
        losses.withLock { [loss] in $0.append(loss) }
        report()
    }

    func restore(_ name: String) {
        let now = boot.now
        losses.withLock { losses in
            for index in losses.indices where losses[index].backend == name && losses[index].back == nil {
                losses[index].back = now
            }
        }
        report()
    }

    private func report() {
        let losses = losses.withLock { $0 }
        let open = Set(losses.filter { $0.back == nil }.map(\.backend))
        recorder.observe(
            GatewayStatus(
                version: 1, epoch: 1,
                backends: ["a", "b"].map { BackendStatus(name: $0, usable: !open.contains($0), inFlight: 0) },
                losses: GatewayLosses(life: 1, losses: losses)))
    }
}

/// Writes down what a drill does.
final class FakeHands: DrillHands {
    private let path: String
    private let state = Mutex<(done: [String], records: Int?)>(([], nil))

    init(path: String) { self.path = path }

    var done: [String] { state.withLock { $0.done } }
    /// Drills on the disk when the first signal was sent.
    var recordsAtFirstSignal: Int? { state.withLock { $0.records } }

    var table: RoutingTable {
        RoutingTable(
            version: 1, epoch: 1, limits: GatewayPlan(listen: Endpoint(host: "h", port: 1)),
            backends: ["a", "b"].map {
                BackendRoute(name: $0, address: BackendAddress(host: "h", port: 1), inRotation: true)
            }, models: [ModelRoute(name: "m", tiers: [["a", "b"]])])
    }

    func surroundings() async -> DrillSurroundings {
        let processes = ["a", "b"].map {
            ProcessStatus(
                name: $0, kind: .inference, engine: .simulator, state: .ready, since: Timestamp(milliseconds: 0),
                reason: "", pid: 7)
        }
        return DrillSurroundings(
            table: table, usable: ["a", "b"], processes: processes, policy: DrillPolicy(), configDigest: "d")
    }

    func identity(of process: String) async -> ProcessIdentity? {
        ProcessIdentity(pid: 7, startTime: 1, bootID: "x")
    }

    func send(_ signal: Signal, to process: ProcessIdentity) -> Bool {
        let count = (try? ContinuityStore.drills(path: path).count) ?? 0
        state.withLock { state in
            state.done.append("\(signal) \(process.pid)")
            state.records = state.records ?? count
        }
        return true
    }

    func hold(_ backends: Set<String>) async {
        state.withLock { $0.done.append("hold \(backends.sorted().joined(separator: ","))") }
    }
}
