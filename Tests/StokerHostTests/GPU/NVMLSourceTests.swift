import StokerCore
import StokerHost
import Testing

/// What one round of reading gives, value by value.
@Suite struct NVMLSourceTests {
    private func reading(_ script: String = "", without functions: [String] = []) throws -> GPUReading {
        let fake = try FakeNVML(script, without: functions)
        let source = fake.source()
        defer { source.end() }
        return try #require(try source.read().first)
    }

    @Test func `a card says who it is`() throws {
        let identity = try reading("driver 550.54.15\ntext 0 name NVIDIA H100 80GB HBM3\ntext 0 uuid GPU-abc").identity
        #expect(
            identity
                == GPUIdentity(
                    name: "0", uuid: "GPU-abc", vendor: .nvidia, product: "NVIDIA H100 80GB HBM3",
                    driver: "550.54.15", pciAddress: "0000:3b:00.0"))
    }

    @Test func `a card in good order gives all in base units and no fault`() throws {
        let reading = try reading(
            """
            value 0 utilization 87
            value 0 memory_utilization 40
            value 0 memory_used 1073741824
            value 0 fan 30
            value 0 clocks_event_reasons 0x44
            value 0 ecc_corrected 3
            value 0 replays 2
            value 0 field_82 55
            value 0 field_74 2500000000
            value 0 field_230 1
            """)
        #expect(reading.time == Timestamp(milliseconds: 7))
        #expect(reading.utilization == 0.87)
        #expect(reading.memoryActivity == 0.4)
        #expect(
            reading.memory
                == GPUMemory(total: 80 << 30, used: 1 << 30, free: (79 << 30) - (512 << 20), reserved: 512 << 20))
        #expect(reading.temperature == GPUTemperature(core: 41, memory: 55))
        #expect(reading.power == GPUPower(watts: 71.5, limitWatts: 700, energyJoules: 1234.567))
        #expect(reading.clocks == GPUClocks(sm: 1.98e9, memory: 2.619e9))
        #expect(reading.fanSpeed == 0.3)
        #expect(reading.throttle == [.powerCap, .hardwareThermal])
        #expect(reading.throttledSeconds == [.powerCap: 2.5])
        #expect(reading.errors.corrected == 3)
        #expect(reading.errors.uncorrected == 0)
        #expect(reading.errors.rowRemapPending == false)
        #expect(reading.errors.rowRemapFailed == false)
        #expect(reading.errors.recoveryAction == 1)
        #expect(reading.link.generation == 5 && reading.link.width == 16)
        #expect(reading.link.maxGeneration == 5 && reading.link.maxWidth == 16)
        #expect(reading.link.replays == 2)
        #expect(reading.processes == [])
        #expect(reading.partitions == nil)
        #expect(reading.trouble == nil)
        #expect(reading.faults == [])
    }

    /// Each value by itself: the function that fails, and what must be absent for it.
    static let values: [(function: String, isAbsent: @Sendable (GPUReading) -> Bool)] = [
        ("nvmlDeviceGetUtilizationRates", { $0.utilization == nil && $0.memoryActivity == nil }),
        ("nvmlDeviceGetTemperature", { $0.temperature.core == nil }),
        ("nvmlDeviceGetPowerUsage", { $0.power.watts == nil }),
        ("nvmlDeviceGetEnforcedPowerLimit", { $0.power.limitWatts == nil }),
        ("nvmlDeviceGetTotalEnergyConsumption", { $0.power.energyJoules == nil }),
        ("nvmlDeviceGetClockInfo", { $0.clocks == GPUClocks() }),
        ("nvmlDeviceGetFanSpeed", { $0.fanSpeed == nil }),
        ("nvmlDeviceGetCurrentClocksEventReasons", { $0.throttle == nil }),
        ("nvmlDeviceGetFieldValues", { $0.temperature.memory == nil && $0.throttledSeconds.isEmpty }),
        ("nvmlDeviceGetTotalEccErrors", { $0.errors.corrected == nil && $0.errors.uncorrected == nil }),
        ("nvmlDeviceGetRemappedRows", { $0.errors.rowRemapPending == nil && $0.errors.rowRemapFailed == nil }),
        ("nvmlDeviceGetRetiredPages", { $0.errors.retiredForSingleBit == nil }),
        ("nvmlDeviceGetCurrPcieLinkGeneration", { $0.link.generation == nil }),
        ("nvmlDeviceGetCurrPcieLinkWidth", { $0.link.width == nil }),
        ("nvmlDeviceGetPcieReplayCounter", { $0.link.replays == nil }),
        ("nvmlDeviceGetMigMode", { $0.partitions == nil }),
        ("nvmlDeviceGetComputeRunningProcesses_v3", { $0.processes == nil }),
    ]

    /// What stands in for some of them.
    private static let elder = ["nvmlDeviceGetTemperatureV", "nvmlDeviceGetCurrentClocksThrottleReasons"]

    private static let rich = "value 0 fan 30\nvalue 0 retired_single 1\nvalue 0 field_82 55\nvalue 0 field_74 1"

    @Test(arguments: values.map(\.function))
    func `a value that is not supported is absent, and nothing is wrong`(function: String) throws {
        let isAbsent = try #require(Self.values.first { $0.function == function }?.isAbsent)
        #expect(!isAbsent(try reading("\(Self.rich)\npart 0 1 1")))
        let without = try reading("\(Self.rich)\nfail \(function) 3\nfail \(function)V 3")
        #expect(isAbsent(without))
        #expect(without.faults == [])
        #expect(without.memory.total == 80 << 30)
    }

    @Test(arguments: values.map(\.function))
    func `a value that fails is absent, with a line that says why, and the others are there`(function: String) throws {
        let isAbsent = try #require(Self.values.first { $0.function == function }?.isAbsent)
        let without = try reading("\(Self.rich)\nfail \(function) 999\nfail \(function)V 999")
        #expect(isAbsent(without))
        #expect(!without.faults.isEmpty)
        #expect(without.faults.allSatisfy { $0.hasSuffix(": unknown error (NVML error 999)") })
        #expect(without.memory.total == 80 << 30)
    }

    @Test func `a library without most functions gives what it can`() throws {
        let reading = try reading(Self.rich, without: Self.values.map(\.function) + Self.elder)
        #expect(Self.values.allSatisfy { $0.function.hasSuffix("Processes_v3") || $0.isAbsent(reading) })
        #expect(reading.faults == [])
        #expect(reading.memory.used == 0)
        #expect(reading.identity.product == "NVIDIA Fake 80GB")
    }

    @Test func `an older library counts what the driver keeps as used, and says nothing of reserve`() throws {
        let script = "value 0 memory_used 1073741824"
        let old = try reading(script, without: ["nvmlDeviceGetMemoryInfo_v2"]).memory
        #expect(old.used == (1 << 30) + (512 << 20))
        #expect(old.reserved == nil)
        let refused = try reading("\(script)\nfail nvmlDeviceGetMemoryInfo_v2 25").memory
        #expect(refused == old)
    }

    @Test func `a newer library has only the versioned temperature`() throws {
        #expect(try reading("value 0 temperature 63", without: ["nvmlDeviceGetTemperature"]).temperature.core == 63)
    }

    @Test func `limits of the clocks had another name before driver 535`() throws {
        let old = try reading("value 0 clocks_event_reasons 1", without: ["nvmlDeviceGetCurrentClocksEventReasons"])
        #expect(old.throttle == [.idle])
    }

    @Test func `numbers that cannot be true are absent`() throws {
        let reading = try reading(
            """
            value 0 utilization 4294967295
            value 0 temperature 4294967294
            value 0 power 4294967295
            value 0 energy -1
            value 0 link_width 4294967295
            value 0 field_82 0
            """)
        #expect(reading.utilization == nil)
        #expect(reading.temperature == GPUTemperature())
        #expect(reading.power.watts == nil)
        #expect(reading.power.energyJoules == nil)
        #expect(reading.link.width == nil)
    }

    @Test func `pages are counted for both causes, without room for their addresses`() throws {
        let errors = try reading("value 0 retired_single 0\nvalue 0 retired_double 12").errors
        #expect(errors.retiredForSingleBit == 0)
        #expect(errors.retiredForDoubleBit == 12)
    }

    @Test func `a card that gives no UUID is known by its place`() throws {
        #expect(try reading("fail nvmlDeviceGetUUID 3").identity.uuid == "0000:3b:00.0")
    }
}
