import StokerCore
import Testing

@Suite("The guard of drills")
struct DrillGuardTests {
    private static func status(_ name: String, _ state: ProcessStatus.State = .ready, managed: Bool = true)
        -> ProcessStatus
    {
        ProcessStatus(
            name: name, kind: .inference, engine: .simulator, state: state, since: Timestamp(milliseconds: 0),
            reason: "", pid: managed ? 7 : nil, managed: managed)
    }

    /// `m` is answered by a, b and the watched `far`, `n` by a and c; `idle` answers for nobody.
    private static func drillGuard(
        _ change: (inout DrillGuard) -> Void = { _ in }
    ) -> DrillGuard {
        let names = ["a", "b", "c", "far"]
        let table = RoutingTable(
            version: 1, epoch: 1, limits: GatewayPlan(listen: Endpoint(host: "h", port: 1)),
            backends: names.map {
                BackendRoute(name: $0, address: BackendAddress(host: "h", port: 1), inRotation: true)
            },
            models: [
                ModelRoute(name: "m", tiers: [["a", "b"], ["far"]]), ModelRoute(name: "n", tiers: [["a", "c"]]),
            ])
        var made = DrillGuard(
            table: table, usable: Set(names),
            processes: ["a", "b", "c"].map { status($0) } + [status("far", managed: false), status("idle")],
            minHealthy: 1)
        change(&made)
        return made
    }

    private static func refusal(_ order: DrillOrder, _ made: DrillGuard = drillGuard()) -> ControlError? {
        do throws(ControlError) {
            _ = try made.check(order)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a plan says whom it hits and who is left of each model`() throws {
        let plan = try Self.drillGuard().check(DrillOrder(.kill, targets: ["a"]))
        #expect(plan.targets == [DrillPlan.Target(name: "a", pid: 7)])
        #expect(plan.models.map(\.name) == ["m", "n"])
        #expect(plan.models.map(\.left) == [["b", "far"], ["c"]])
        #expect(plan.lines == ["SIGKILL to a (pid 7)", "m goes on with b, far", "n goes on with c"])
    }

    @Test(arguments: [
        (DrillOrder.Kind.hang, "SIGSTOP for 10 s to b (pid 7)"), (.drain, "no requests for 10 s to b (pid 7)"),
        (.site, "SIGKILL to b (pid 7)"),
    ])
    func `what is about to happen is said in words`(kind: DrillOrder.Kind, line: String) throws {
        #expect(try Self.drillGuard().check(DrillOrder(kind, targets: ["b"])).lines.first == line)
    }

    @Test(arguments: [
        (DrillOrder(.kill, targets: ["x"]), ControlError.Code.unknownProcess, "there is no process x"),
        (DrillOrder(.kill, targets: ["idle"]), .drillRefused, "answers for no model"),
        (DrillOrder(.kill, targets: ["far"]), .notManaged, "only watched"),
        (DrillOrder(.hang, targets: ["far"]), .notManaged, "only watched"),
        (DrillOrder(.kill, targets: ["a", "b"]), .drillRefused, "name one process"),
        (DrillOrder(.site, targets: ["a", "a"]), .drillRefused, "each once"),
        (DrillOrder(.site, targets: []), .drillRefused, "name one process"),
        (DrillOrder(.site, targets: ["a", "c"]), .drillRefused, "n would be left with 0 healthy backends"),
        (DrillOrder(.hang, targets: ["a"], lasts: .seconds(301)), .drillRefused, "1 s to 5 min"),
        (DrillOrder(.hang, targets: ["a"], lasts: .milliseconds(999)), .drillRefused, "1 s to 5 min"),
        (DrillOrder(.kill, targets: ["a"], users: 1001), .drillRefused, "at most 1000 users"),
        (DrillOrder(.kill, targets: ["a"], users: -1), .drillRefused, "at most 1000 users"),
    ])
    func `what must not be done is refused in words`(order: DrillOrder, code: ControlError.Code, words: String) {
        let refusal = Self.refusal(order)
        #expect(refusal?.code == code)
        #expect(refusal?.message.contains(words) ?? false, "\(refusal?.message ?? "granted")")
        #expect(refusal?.hint?.isEmpty == false)
    }

    @Test(arguments: [DrillOrder.Kind.drain, .site])
    func `what is only watched may be taken out of the table`(kind: DrillOrder.Kind) {
        #expect(Self.refusal(DrillOrder(kind, targets: ["far"])) == nil)
    }

    @Test func `a slip of the hand gets the nearest name`() {
        let made = Self.drillGuard { $0.processes.append(Self.status("deepseek-a")) }
        #expect(Self.refusal(DrillOrder(.kill, targets: ["deepsek-a"]), made)?.hint == "did you mean deepseek-a?")
        #expect(
            Self.refusal(DrillOrder(.kill, targets: ["other"]))?.hint == "the processes are: a, b, c, far, idle")
    }

    @Test(arguments: [(1, nil), (2, nil), (3, "m would be left with 2 healthy backends; drills.min_healthy is 3")])
    func `the configured minimum is kept`(minimum: Int, message: String?) {
        let made = Self.drillGuard { $0.minHealthy = minimum }
        #expect(Self.refusal(DrillOrder(.kill, targets: ["b"]), made)?.message == message)
    }

    @Test func `a backend that gets nothing now counts neither as a target nor as healthy`() {
        let made = Self.drillGuard { $0.usable = ["a", "b"] }
        #expect(Self.refusal(DrillOrder(.kill, targets: ["a"]), made)?.message.hasPrefix("n would be left") ?? false)
        #expect(Self.refusal(DrillOrder(.kill, targets: ["c"]), made)?.message.contains("gets no requests") ?? false)
    }

    @Test func `what the table has taken out is out, whatever the gateway reported before`() {
        var made = Self.drillGuard()
        made.table.take(out: ["c"], "stopped")
        #expect(Self.refusal(DrillOrder(.kill, targets: ["a"]), made)?.message.hasPrefix("n would be left") ?? false)
    }

    @Test func `one at a time, and not without a gateway`() {
        let busy = Self.drillGuard { $0.running = 3 }
        #expect(Self.refusal(DrillOrder(.kill, targets: ["b"]), busy)?.message == "drill 3 runs; one at a time")
        let blind = Self.drillGuard { $0.usable = nil }
        #expect(Self.refusal(DrillOrder(.kill, targets: ["b"]), blind)?.message == "the gateway does not answer")
    }

    @Test func `a table without a backend is what a drain needs`() {
        var table = Self.drillGuard().table
        table.take(out: ["a", "unknown"], "taken out by a drill")
        #expect(table.backends.filter { !$0.inRotation }.map(\.name) == ["a"])
        #expect(table.backends.first?.reason == "taken out by a drill")
    }
}
