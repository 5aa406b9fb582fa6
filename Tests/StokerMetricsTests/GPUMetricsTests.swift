import StokerCore
import StokerMetrics
import Testing

@Suite struct GPUMetricsTests {
    private static let gpu = GPUIdentity(
        name: "0", uuid: "GPU-a", vendor: .nvidia, product: "NVIDIA H100", driver: "550.54", pciAddress: "0000:3b:00.0")

    private func rich() -> GPUReading {
        var reading = GPUReading(identity: Self.gpu, time: Timestamp(milliseconds: 1))
        reading.utilization = 0.87
        reading.memoryActivity = 0.4
        reading.smActivity = 0.6
        reading.tensorActivity = 0.25
        reading.memory = GPUMemory(total: 80, used: 10, free: 69, reserved: 1)
        reading.temperature = GPUTemperature(core: 41, memory: 55)
        reading.power = GPUPower(watts: 71.5, limitWatts: 700, energyJoules: 12)
        reading.clocks = GPUClocks(sm: 1.98e9, memory: 2.6e9)
        reading.fanSpeed = 0.3
        reading.throttle = [.powerCap]
        reading.throttledSeconds = [.powerCap: 2.5]
        reading.errors.corrected = 3
        reading.errors.uncorrected = 0
        reading.errors.rowRemapPending = true
        reading.errors.rowRemapFailed = false
        reading.errors.retiredForSingleBit = 1
        reading.errors.retiredForDoubleBit = 2
        reading.errors.recoveryAction = 1
        reading.link.generation = 5
        reading.link.width = 16
        reading.link.replays = 4
        reading.partitions = [GPUPartition(uuid: "MIG-1", product: "part", gpuInstance: 7)]
        reading.partitions?[0].memory = GPUMemory(total: 10, used: 2, free: 8)
        reading.processes = [
            GPUProcess(pid: 5, memory: 6, owner: "engine-a"), GPUProcess(pid: 6, memory: 1, owner: "engine-a"),
            GPUProcess(pid: 7, memory: 3), GPUProcess(pid: 8),
        ]
        return reading
    }

    private func registry(
        _ readings: [GPUReading], state: GPUSourceState.State = .fresh, xids: XidTally = XidTally()
    ) -> MetricsRegistry {
        let registry = stillRegistry()
        let source = GPUSourceState(
            source: .nvml, state: state, reason: "NVML has not answered for 12 s",
            lastAnswer: Timestamp(milliseconds: 1500), errors: 2)
        let report = GPUReport(sources: [source], readings: readings, expected: 2)
        GPUMetrics.collect(into: registry, report: { report }, xids: { xids })
        return registry
    }

    @Test(arguments: [
        #"info{gpu="0",uuid="GPU-a",name="NVIDIA H100",driver_version="550.54",pci_bus_id="0000:3b:00.0",vendor="nvidia"} 1"#,
        #"utilization_ratio{gpu="0",uuid="GPU-a"} 0.87"#, #"memory_activity_ratio{gpu="0",uuid="GPU-a"} 0.4"#,
        #"sm_activity_ratio{gpu="0",uuid="GPU-a"} 0.6"#, #"tensor_activity_ratio{gpu="0",uuid="GPU-a"} 0.25"#,
        #"memory_total_bytes{gpu="0",uuid="GPU-a"} 80"#, #"memory_used_bytes{gpu="0",uuid="GPU-a"} 10"#,
        #"memory_free_bytes{gpu="0",uuid="GPU-a"} 69"#, #"memory_reserved_bytes{gpu="0",uuid="GPU-a"} 1"#,
        #"temperature_celsius{gpu="0",uuid="GPU-a",sensor="core"} 41"#,
        #"temperature_celsius{gpu="0",uuid="GPU-a",sensor="memory"} 55"#, #"power_watts{gpu="0",uuid="GPU-a"} 71.5"#,
        #"power_limit_watts{gpu="0",uuid="GPU-a"} 700"#, #"energy_joules_total{gpu="0",uuid="GPU-a"} 12"#,
        #"clock_hertz{gpu="0",uuid="GPU-a",clock="sm"} 1980000000"#, #"fan_speed_ratio{gpu="0",uuid="GPU-a"} 0.3"#,
        #"clocks_event_active{gpu="0",uuid="GPU-a",reason="sw_power_cap"} 1"#,
        #"clocks_event_active{gpu="0",uuid="GPU-a",reason="hw_thermal_slowdown"} 0"#,
        #"throttle_seconds_total{gpu="0",uuid="GPU-a",reason="sw_power_cap"} 2.5"#,
        #"ecc_corrected_errors_total{gpu="0",uuid="GPU-a"} 3"#,
        #"ecc_uncorrected_errors_total{gpu="0",uuid="GPU-a"} 0"#,
        #"row_remap_pending{gpu="0",uuid="GPU-a"} 1"#, #"row_remap_failed{gpu="0",uuid="GPU-a"} 0"#,
        #"retired_pages{gpu="0",uuid="GPU-a",cause="double_bit"} 2"#, #"recovery_action{gpu="0",uuid="GPU-a"} 1"#,
        #"pcie_replays_total{gpu="0",uuid="GPU-a"} 4"#, #"pcie_link_width{gpu="0",uuid="GPU-a"} 16"#,
        #"pcie_link_generation{gpu="0",uuid="GPU-a"} 5"#,
        #"partition_memory_used_bytes{gpu="0",uuid="GPU-a",partition="MIG-1"} 2"#,
        #"partition_info{gpu="0",uuid="GPU-a",partition="MIG-1",name="part",gpu_instance="7"} 1"#,
        #"process_memory_bytes{gpu="0",uuid="GPU-a",process="engine-a"} 7"#,
        #"process_memory_bytes{gpu="0",uuid="GPU-a",process="_other"} 3"#,
        "devices 1", "devices_expected 2", #"source_up{source="nvml"} 1"#, #"source_errors_total{source="nvml"} 2"#,
        #"source_last_success_timestamp_seconds{source="nvml"} 1.5"#,
    ])
    func `what a card says is a series in base units`(line: String) {
        let lines = registry([rich()]).lines("stoker_gpu_")
        #expect(lines.contains("stoker_gpu_\(line)"), "\(lines.joined(separator: "\n"))")
    }

    @Test func `what a card does not say has no series`() {
        let lines = registry([GPUReading(identity: Self.gpu, time: Timestamp(milliseconds: 1))]).lines("stoker_gpu_")
        let names = Set(lines.map { String($0.prefix { $0 != "{" && $0 != " " }) })
        #expect(
            names == [
                "stoker_gpu_info", "stoker_gpu_devices", "stoker_gpu_devices_expected", "stoker_gpu_source_up",
                "stoker_gpu_source_errors_total", "stoker_gpu_source_last_success_timestamp_seconds",
            ])
    }

    @Test(arguments: [GPUSourceState.State.silent, .unavailable])
    func `what is not of now has no series, and the collector has failed`(state: GPUSourceState.State) {
        let registry = registry([rich()], state: state)
        #expect(registry.lines("stoker_gpu_utilization").isEmpty)
        #expect(registry.lines("stoker_gpu_info").isEmpty)
        #expect(registry.lines(#"stoker_gpu_source_up{source="nvml"} 0"#).count == 1)
        #expect(registry.lines("stoker_gpu_devices_expected 2").count == 1)
        // Each line above asked for a page, and so does this one.
        let errors = registry.lines(#"stoker_collector_errors_total{component="test",collector="gpu"}"#)
        #expect(errors.first?.hasSuffix(" 5") == true)
        #expect(
            registry.lines(#"stoker_collector_last_success_timestamp_seconds{component="test",collector="gpu"}"#) == [])
    }

    @Test func `while the driver hangs nobody knows how many there are`() {
        #expect(registry([rich()], state: .silent).lines("stoker_gpu_devices ").isEmpty)
        #expect(registry([rich()], state: .starting).lines("stoker_gpu_devices ").isEmpty)
        #expect(registry([rich()], state: .unavailable).lines("stoker_gpu_devices ") == ["stoker_gpu_devices 0"])
    }

    @Test func `a lost card is not among the devices, and has no series`() {
        var lost = rich()
        lost.trouble = "GPU 0: lost"
        let registry = registry([lost])
        #expect(registry.lines("stoker_gpu_devices ") == ["stoker_gpu_devices 0"])
        #expect(registry.lines("stoker_gpu_utilization").isEmpty)
    }

    @Test func `faults count from zero, and have a time once they came`() {
        var xids = XidTally()
        xids.watch(Self.gpu)
        xids.count(GPUXid(gpu: Self.gpu, code: 79, time: Timestamp(milliseconds: 2500)))
        let registry = registry([rich()], xids: xids)
        let counts = registry.lines("stoker_gpu_xid_errors_total")
        #expect(counts.count == GPUXid.alertable.count)
        #expect(counts.contains(#"stoker_gpu_xid_errors_total{gpu="0",uuid="GPU-a",xid="79"} 1"#))
        #expect(counts.contains(#"stoker_gpu_xid_errors_total{gpu="0",uuid="GPU-a",xid="48"} 0"#))
        #expect(
            registry.lines("stoker_gpu_xid_last") == [
                #"stoker_gpu_xid_last_timestamp_seconds{gpu="0",uuid="GPU-a",xid="79"} 2.5"#
            ])
    }

    @Test func `codes that are not kept apart are the other ones`() {
        var xids = XidTally()
        for code in 1000..<1100 { xids.count(GPUXid(gpu: Self.gpu, code: code, time: Timestamp(milliseconds: 1))) }
        #expect(
            registry([], xids: xids).lines(#"stoker_gpu_xid_errors_total{gpu="0",uuid="GPU-a",xid="_other"}"#).count
                == 1)
    }

    @Test(arguments: ExpositionFormat.allCases)
    func `the page is without fault`(format: ExpositionFormat) {
        var second = rich()
        second.identity.name = "1"
        second.identity.uuid = "GPU-b"
        second.identity.product = "say \"hi\"\n"
        var xids = XidTally()
        xids.count(GPUXid(gpu: Self.gpu, code: 31, time: Timestamp(milliseconds: 1)))
        let page = registry([rich(), second], xids: xids).snapshot().exposition(format)
        #expect(ExpositionValidator.findings(in: page, as: format) == [])
    }
}
