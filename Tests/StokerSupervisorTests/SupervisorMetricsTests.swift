import StokerCore
import StokerHost
import StokerMetrics
import StokerSupervisor
import StokerTesting
import Testing

@Suite("The supervisor's metrics")
struct SupervisorMetricsTests {
    /// The value of a series of `stoker_supervisor_…`; nil when it is not there.
    private func value(_ registry: MetricsRegistry, _ name: String, _ labels: String...) -> Double? {
        let family = registry.snapshot().families.first { $0.name == "stoker_supervisor_\(name)" }
        switch family?.series.first(where: { $0.labels == labels })?.value {
        case .number(let number): return number
        case .histogram(let distribution): return Double(distribution.count)
        case nil: return nil
        }
    }

    @Test("count restarts by reason, OOM kills, probes and their failures, and show state and last exit")
    func counts() throws {
        let registry = MetricsRegistry()
        let metrics = try SupervisorMetrics(registry) { processes in
            Dictionary(
                uniqueKeysWithValues: processes.map {
                    ($0, ProcessTable.Usage(residentBytes: 4096, cpuSeconds: 1.5, processes: 1))
                })
        }
        let stage = SupervisorStage()
        try stage.play([SupervisorTests.plan("a", probed: true)], metrics: metrics) { _, stage in
            stage.answer("a", .status(503))
            await stage.pass(.milliseconds(30))
            stage.answer("a", nil)
            await stage.pass(.seconds(1))
            stage.exit("a", 1, .signal(9, dumpedCore: false), outOfMemory: true)
            await stage.pass(.milliseconds(500))
            #expect(self.value(registry, "process_state", "a", "ready") == 1)
            #expect(self.value(registry, "process_state", "a", "backoff") == 0)
            #expect(self.value(registry, "process_restarts_total", "a", "oom") == 1)
            #expect(self.value(registry, "process_restarts_total", "a", "exit") == 0)
            #expect(self.value(registry, "process_oom_kills_total", "a") == 1)
            #expect(self.value(registry, "process_last_exit_code", "a") == 137)
            #expect(self.value(registry, "process_start_timeout_seconds", "a") == 900)
            #expect(self.value(registry, "process_start_duration_seconds", "a").map { $0 > 0 && $0 < 0.1 } == true)
            #expect(self.value(registry, "process_resident_memory_bytes", "a") == 4096)
            #expect(self.value(registry, "process_cpu_seconds_total", "a") == 1.5)
            #expect(self.value(registry, "process_info", "a", "other", "") == 1)
            #expect(self.value(registry, "health_check_failures_total", "a", "status") == 1)
            let checks = self.value(registry, "health_checks_total", "a") ?? 0
            #expect(checks >= 3)
            #expect(self.value(registry, "health_check_duration_seconds", "a") == checks)
        }
    }

    @Test("show one gateway under its one name, the one that serves, while it is replaced and after")
    func gateways() throws {
        let registry = MetricsRegistry()
        let metrics = try SupervisorMetrics(registry) { _ in [:] }
        let stage = SupervisorStage()
        let seats = [1, 2].map { SupervisorTests.plan(ProcessPlan.gatewayName(seat: $0), kind: .gateway) }
        try stage.play([seats[0]], metrics: metrics) { supervisor, stage in
            await stage.pass(.seconds(1))
            for plans in [seats, [seats[1]]] {
                await supervisor.apply(plans)
                await stage.pass(.seconds(1))
                #expect(self.value(registry, "process_state", "gateway", "ready") == 1)
                #expect(self.value(registry, "process_restarts_total", "gateway", "exit") == 0)
                #expect(self.value(registry, "process_state", "gateway~2", "ready") == nil)
            }
            await supervisor.endLeavers()
            await stage.pass(.seconds(1))
            #expect(self.value(registry, "process_restarts_total", "gateway", "exit") == 0)
        }
    }

    @Test("are all there from the first scrape, and gone with the process")
    func lifetime() throws {
        let registry = MetricsRegistry()
        let metrics = try SupervisorMetrics(registry) { _ in [:] }
        let stage = SupervisorStage()
        try stage.play([SupervisorTests.plan("a")], metrics: metrics) { supervisor, stage in
            for reason in RestartReason.allCases {
                #expect(self.value(registry, "process_restarts_total", "a", reason.rawValue) == 0)
            }
            await supervisor.apply([])
            await stage.pass(.seconds(1))
        }
        let left = registry.snapshot().families.flatMap { family in
            family.series.filter { $0.labels.contains("a") }.map { _ in family.name }
        }
        #expect(left.isEmpty)
    }

    @Test("refuse a second supervisor in one registry")
    func twice() throws {
        let registry = MetricsRegistry()
        _ = try SupervisorMetrics(registry)
        #expect(throws: MetricsError.self) { _ = try SupervisorMetrics(registry) }
    }
}
