import StokerCore
import StokerHost
import Testing

/// The difference between two samples of a card's counters.
@Suite struct NVMLActivityTests {
    private func readings(_ script: String, without functions: [String] = [], rounds: Int = 2) throws
        -> [GPUReading]
    {
        let fake = try FakeNVML(script, without: functions)
        let source = fake.source()
        defer { source.end() }
        return try (0..<rounds).map { _ in try #require(try source.read().first) }
    }

    @Test func `the second reading and each later one says how busy the processors were`() throws {
        let readings = try readings("value 0 sm_activity 62\nvalue 0 tensor_activity 30", rounds: 4)
        #expect(readings.map(\.smActivity) == [nil, 0.625, 0.625, 0.625])
        #expect(readings.map(\.tensorActivity) == [nil, 0.305, 0.305, 0.305])
        #expect(readings.allSatisfy { $0.faults.isEmpty })
    }

    @Test func `one that is not supported is absent by itself`() throws {
        let last = try #require(try readings("value 0 sm_activity 0").last)
        #expect(last.smActivity == 0.005)
        #expect(last.tensorActivity == nil)
    }

    @Test func `a share above the whole is none`() throws {
        let last = try #require(try readings("value 0 sm_activity 150").last)
        #expect(last.smActivity == nil)
    }

    @Test(arguments: [
        "nvmlGpmQueryDeviceSupport", "nvmlGpmSampleGet", "nvmlGpmMetricsGet", "nvmlGpmSampleAlloc",
    ])
    func `an older library has none, and nothing is wrong`(function: String) throws {
        let last = try #require(try readings("value 0 sm_activity 62", without: [function]).last)
        #expect(last.smActivity == nil)
        #expect(last.faults == [])
        #expect(last.utilization == 0)
    }

    @Test func `a card before Hopper has none`() throws {
        let last = try #require(try readings("").last)
        #expect(last.smActivity == nil && last.faults == [])
    }

    @Test func `samples that cannot be compared are a fault, and the rest is there`() throws {
        let last = try #require(try readings("value 0 sm_activity 62\nfail nvmlGpmMetricsGet 999").last)
        #expect(last.smActivity == nil)
        #expect(last.faults == ["activity: unknown error (NVML error 999)"])
        #expect(last.temperature.core == 41)
    }
}
