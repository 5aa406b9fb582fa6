import StokerAdmin
import StokerCore
import StokerMetrics
import Synchronization

/// A report of a healthy stack; tests change what they are about.
func healthyReport() -> StatusReport {
    let start = Timestamp(milliseconds: 1_700_000_000_000)
    let now = Timestamp(milliseconds: start.milliseconds + 11_520_000)
    return StatusReport(
        version: "0.1.0", pid: 4711, startedAt: start, now: now, config: "/etc/stoker/stoker.yaml",
        configDigest: "0123456789ab", gatewayListen: "127.0.0.1:8080", adminListen: "127.0.0.1:8081",
        processes: [
            ProcessStatus(
                name: "gateway", kind: .gateway, engine: nil, state: .ready, since: start, reason: "serving", pid: 4712),
            ProcessStatus(
                name: "deepseek-a", kind: .inference, engine: .llamaCpp, state: .ready,
                since: Timestamp(milliseconds: now.milliseconds - 185_000), reason: "GET /health passes", pid: 4713,
                restarts: 2, lastExit: "killed by SIGKILL", address: "127.0.0.1:9001", residentBytes: 512 << 20),
            ProcessStatus(
                name: "other-site", kind: .inference, engine: .vllm, state: .unready,
                since: Timestamp(milliseconds: now.milliseconds - 7_200_000),
                reason: "cannot connect: Connection refused",
                address: "10.0.0.9:8000", managed: false),
        ],
        models: [ModelStatus(name: "deepseek-r1", backends: ["deepseek-a"], standby: ["other-site"], inRotation: 1)])
}

/// A control plane that answers from values and writes down what it was told.
final class FakeControlPlane: ControlPlane {
    struct State: Sendable {
        var report = healthyReport()
        var events: [Event] = []
        var eventsFailure: (any Error)?
        var refusal: ControlError?
        var queries: [EventQuery] = []
        var page = RequestPage()
        var requestQueries: [RequestQuery] = []
        var orders: [String] = []
        var canaryRequests: [CanaryRequest] = []
        var drills: [DrillRequest] = []
        var drillAnswer = DrillAnswer.plan(
            DrillPlan(order: DrillOrder(.kill, targets: ["a"]), targets: [], models: []))
    }

    private let state = Mutex(State())

    init(_ change: (inout State) -> Void = { _ in }) { state.withLock { change(&$0) } }

    var seen: State { state.withLock { $0 } }

    func status() async -> StatusReport { seen.report }

    func events(_ query: EventQuery) async throws -> [Event] {
        state.withLock { $0.queries.append(query) }
        if let failure = seen.eventsFailure { throw failure }
        return seen.events
    }

    func requests(_ query: RequestQuery) async throws(ControlError) -> RequestPage {
        state.withLock { $0.requestQueries.append(query) }
        if let refusal = seen.refusal { throw refusal }
        return seen.page
    }

    func order(_ order: ProcessOrder, process: String) async throws(ControlError) {
        if let refusal = seen.refusal { throw refusal }
        state.withLock { $0.orders.append("\(order.rawValue) \(process)") }
    }

    func canaries() async -> [CanaryStatus] { [CanaryStatus(CanaryMachine(model: "m"), offered: ["new"])] }

    func canary(_ request: CanaryRequest) async throws(ControlError) -> CanaryStatus {
        if let refusal = seen.refusal { throw refusal }
        state.withLock { $0.canaryRequests.append(request) }
        return CanaryStatus(CanaryMachine(model: request.model), offered: ["new"])
    }

    func drill(_ request: DrillRequest) async throws(ControlError) -> DrillAnswer {
        if let refusal = seen.refusal { throw refusal }
        state.withLock { $0.drills.append(request) }
        return seen.drillAnswer
    }

    func reload() async throws(ControlError) {
        if let refusal = seen.refusal { throw refusal }
        state.withLock { $0.orders.append("reload") }
    }
}

/// The API over a fake, with a page of one counter.
func api(
    _ controlPlane: FakeControlPlane = FakeControlPlane(), hostNames: [String] = ["gpu1"],
    source: @escaping MetricsPage.Source = { _ in onePage() }
) -> AdminAPI {
    AdminAPI(
        controlPlane: controlPlane,
        metrics: MetricsPage(startedAt: Timestamp(milliseconds: 1_700_000_000_000), source: source),
        guardian: RequestGuard(hostNames: hostNames))
}

/// A snapshot of one counter that stands at 7.
func onePage() -> MetricsSnapshot {
    MetricsSnapshot(families: [
        .init(
            name: "stoker_tests_total", help: "Tests.", kind: .counter,
            series: [.init(labels: [], value: .number(7))])
    ])
}
