import Glibc
import StokerCore
import StokerHost
import Testing

/// The threads: hangs, recovery, faults that the driver reports, the end.
@Suite(.serialized) struct GPUMonitorTests {
    private func monitor(_ fake: FakeNVML) throws -> GPUMonitor {
        let places = GPUMonitor.Places(nvml: fake.path, sysfs: "/no/such")
        let monitor = try #require(try GPUMonitor.find(places, timing: .quick, clock: .machine))
        #expect(monitor.report().sources.map(\.state) == [.starting])
        try monitor.start()
        return monitor
    }

    /// The threads of this process that read GPUs; no other suite has any.
    private static func threads() -> [String] {
        Directory.names("/proc/self/task").compactMap { TextFile.read("/proc/self/task/\($0)/comm", most: 64) }
            .filter { $0.hasPrefix("gpu-") }.map { String($0.prefix { $0 != "\n" }) }.sorted()
    }

    @Test func `a machine with neither library nor card has no monitor and no thread`() async throws {
        let places = GPUMonitor.Places(nvml: "libno-such-nvml.so.1", sysfs: "/no/such")
        #expect(try GPUMonitor.find(places, clock: .machine) == nil)
        #expect(try GPUMonitor.find(GPUMonitor.Places(nvml: nil, sysfs: "/no/such"), clock: .machine) == nil)
        #expect(await comesTrue { Self.threads().isEmpty })
    }

    @Test func `the environment names other places`() {
        #expect(GPUMonitor.Places(environment: [:]) == GPUMonitor.Places(nvml: "libnvidia-ml.so.1", sysfs: "/sys"))
        let other = GPUMonitor.Places(environment: ["STOKER_NVML_LIBRARY": "/a/b.so", "STOKER_SYSFS": "/c"])
        #expect(other == GPUMonitor.Places(nvml: "/a/b.so", sysfs: "/c"))
        #expect(GPUMonitor.Places(environment: ["STOKER_NVML_LIBRARY": ""]).nvml == nil)
    }

    @Test func `a library that is no library is there, with the loader's reason`() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("", to: "libnvidia-ml.so.1")
        let places = GPUMonitor.Places(nvml: path, sysfs: "/no/such")
        let monitor = try #require(try GPUMonitor.find(places, timing: .quick, clock: .machine))
        try monitor.start()
        #expect(await comesTrue { monitor.report().sources.first?.state == .unavailable })
        #expect(monitor.report().sources.first?.reason?.hasSuffix("file too short") == true)
        await monitor.stop()
    }

    @Test func `readings come by themselves, again and again`() async throws {
        let fake = try FakeNVML("gpus 2\nvalue 0 utilization 1")
        let monitor = try monitor(fake)
        #expect(await comesTrue { monitor.report().readings.first?.utilization == 0.01 })
        #expect(monitor.report().sources.map(\.state) == [.fresh])
        #expect(monitor.report().expected == 2)
        try fake.say("gpus 2\nvalue 0 utilization 2")
        #expect(await comesTrue { monitor.report().readings.first?.utilization == 0.02 })
        await monitor.stop()
    }

    @Test func `a hang is told with its call while nobody waits, no thread is added, and it ends when it ends`()
        async throws
    {
        let fake = try FakeNVML("gpus 2")
        let monitor = try monitor(fake)
        #expect(await comesTrue { monitor.report().sources.first?.state == .fresh })
        try fake.say("gpus 2\nhang nvmlDeviceGetTemperature")
        #expect(await comesTrue { monitor.report().sources.first?.state == .silent })
        let report = monitor.report()
        #expect(report.sources.first?.reason?.hasPrefix("NVML has not answered for ") == true)
        #expect(report.sources.first?.reason?.hasSuffix(" (nvmlDeviceGetTemperature of GPU 0)") == true)
        #expect(report.readings.count == 2)
        #expect(report.present.isEmpty)
        // Asked as often as one likes, it is the same thread that hangs.
        for _ in 0..<100 { _ = monitor.report() }
        #expect(await comesTrue { Self.threads() == ["gpu-nvml", "gpu-xid"] })
        try fake.say("gpus 2")
        #expect(await comesTrue { monitor.report().sources.first?.state == .fresh })
        #expect(monitor.report().present.count == 2)
        await monitor.stop()
    }

    @Test func `a hang at the very start is told, too`() async throws {
        let fake = try FakeNVML("hang nvmlInitWithFlags")
        let monitor = try monitor(fake)
        #expect(await comesTrue { monitor.report().sources.first?.state == .silent })
        #expect(monitor.report().sources.first?.reason?.hasSuffix(" (nvmlInitWithFlags)") == true)
        #expect(monitor.report().readings.isEmpty)
        try fake.say("")
        #expect(await comesTrue { monitor.report().sources.first?.state == .fresh })
        await monitor.stop()
    }

    @Test func `a stop does not wait for a driver that hangs`() async throws {
        let fake = try FakeNVML("hang nvmlDeviceGetCount_v2")
        let monitor = try monitor(fake)
        #expect(await comesTrue { monitor.report().sources.first?.state == .silent })
        let begin = Deadline(after: .zero)
        await monitor.stop(within: .milliseconds(50))
        #expect(begin.passed < .seconds(10))
        // Released, so that the thread does not outlive the library's file.
        try fake.say("")
        await monitor.stop(within: .seconds(20))
    }

    @Test func `values that fail are counted`() async throws {
        let fake = try FakeNVML("fail nvmlDeviceGetTemperature 999")
        let monitor = try monitor(fake)
        #expect(await comesTrue { (monitor.report().sources.first?.errors ?? 0) > 2 })
        #expect(monitor.report().sources.first?.state == .fresh)
        await monitor.stop()
    }

    @Test func `a driver that is not loaded is unavailable, and is found when it is`() async throws {
        let fake = try FakeNVML("fail nvmlInitWithFlags 9")
        let monitor = try monitor(fake)
        #expect(await comesTrue { monitor.report().sources.first?.state == .unavailable })
        #expect(monitor.report().sources.first?.reason?.contains("the NVIDIA driver is not loaded") == true)
        try fake.say("")
        #expect(await comesTrue { monitor.report().sources.first?.state == .fresh })
        await monitor.stop()
    }

    @Test func `a fault that the driver reports is counted for its card and told once`() async throws {
        let fake = try FakeNVML("gpus 2")
        let monitor = try monitor(fake)
        #expect(await comesTrue { !monitor.xidTally.entries.isEmpty })
        #expect(monitor.xidTally.entries.count == 2 * GPUXid.alertable.count)
        try fake.say("gpus 2\nxid 1 1 79\nxid 2 1 31 3\nxid 3 0 79")
        #expect(await comesTrue { monitor.xidTally.entries.reduce(0) { $0 + $1.count } == 3 })
        let told = monitor.takeXids()
        #expect(told.map(\.code) == [79, 31, 79])
        #expect(told.map(\.gpu.name) == ["1", "1", "0"])
        #expect(told.map(\.gpuInstance) == [nil, 3, nil])
        #expect(monitor.takeXids().isEmpty)
        await monitor.stop()
    }

    @Test func `where events cannot be had there is no count, not even of zero`() async throws {
        let fake = try FakeNVML("fail nvmlDeviceRegisterEvents 3")
        let monitor = try monitor(fake)
        #expect(await comesTrue { monitor.report().sources.first?.state == .fresh })
        #expect(monitor.xidTally.entries.isEmpty)
        await monitor.stop()
    }

    @Test func `faults are heard after the driver was away`() async throws {
        let fake = try FakeNVML()
        let monitor = try monitor(fake)
        #expect(await comesTrue { !monitor.xidTally.entries.isEmpty })
        try fake.say("fail nvmlDeviceGetTemperature 1")
        #expect(await comesTrue { monitor.report().sources.first?.state == .unavailable })
        try fake.say("xid 1 0 94")
        #expect(await comesTrue { monitor.takeXids().contains { $0.code == 94 } })
        await monitor.stop()
    }

    @Test func `a holder of memory is named, and whose it is`() async throws {
        let fake = try FakeNVML("process 0 \(getpid()) 1024\nprocess 0 2147483646 2048")
        let monitor = try monitor(fake)
        monitor.set(ours: [getppid(): "engine-a"])
        #expect(await comesTrue { monitor.report().readings.first?.processes?.first?.owner == "engine-a" })
        let holders = try #require(monitor.report().readings.first?.processes)
        #expect(holders.first?.command == ProcessFacts.name(of: getpid()))
        #expect(holders.last?.command == nil && holders.last?.owner == nil)
        await monitor.stop()
    }

    @Test func `both ways run beside each other, each by itself`() async throws {
        let (tree, fake) = (try AMDTree(), try FakeNVML())
        let places = GPUMonitor.Places(nvml: fake.path, sysfs: tree.path)
        let monitor = try #require(try GPUMonitor.find(places, timing: .quick, clock: .machine))
        try monitor.start()
        #expect(await comesTrue { monitor.report().sources.map(\.state) == [.fresh, .fresh] })
        #expect(monitor.report().readings.map(\.identity.name) == ["0", "card0"])
        try fake.say("hang nvmlDeviceGetTemperature")
        #expect(await comesTrue { monitor.report().sources.map(\.state) == [.silent, .fresh] })
        #expect(monitor.report().present.map(\.identity.name) == ["card0"])
        try fake.say("")
        await monitor.stop(within: .seconds(20))
    }
}
