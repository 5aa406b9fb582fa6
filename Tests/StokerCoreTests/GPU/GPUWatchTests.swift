import FoundationEssentials
import StokerCore
import Testing

@Suite struct GPUWatchTests {
    private let gpu = GPUIdentity(
        name: "0", uuid: "GPU-a", vendor: .nvidia, product: "NVIDIA Fake", pciAddress: "0000:3b:00.0")
    private let now = Timestamp(milliseconds: 5)

    private func report(_ state: GPUSourceState.State, trouble: String? = nil) -> GPUReport {
        var reading = GPUReading(identity: gpu, time: now)
        reading.trouble = trouble
        let reason = state == .fresh ? nil : "NVML has not answered for 12 s"
        return GPUReport(
            sources: [GPUSourceState(source: .nvml, state: state, reason: reason)], readings: [reading], expected: 1)
    }

    @Test func `a start in good order is no news`() {
        var watch = GPUWatch()
        #expect(watch.handle(report(.starting), at: now).isEmpty)
        #expect(watch.handle(report(.fresh), at: now).isEmpty)
    }

    @Test func `silence is told once, with its reason, and its end once`() {
        var watch = GPUWatch()
        _ = watch.handle(report(.fresh), at: now)
        let silence = watch.handle(report(.silent), at: now)
        #expect(silence.map(\.kind) == [.gpuUnreadable])
        #expect(silence.first?.severity == .warning)
        #expect(silence.first?.message == "GPUs cannot be read: NVML has not answered for 12 s.")
        #expect(watch.handle(report(.silent), at: now).isEmpty)
        #expect(watch.handle(report(.fresh), at: now).map(\.kind) == [.gpuReadable])
        #expect(watch.handle(report(.fresh), at: now).isEmpty)
    }

    @Test func `that it cannot after it was silent is news`() {
        var watch = GPUWatch()
        _ = watch.handle(report(.silent), at: now)
        #expect(watch.handle(report(.unavailable), at: now).map(\.kind) == [.gpuUnreadable])
    }

    @Test func `a lost card is an error, once, and its return is told`() {
        var watch = GPUWatch()
        _ = watch.handle(report(.fresh), at: now)
        let lost = watch.handle(report(.fresh, trouble: "GPU 0: the GPU is lost"), at: now)
        #expect(lost.map(\.kind) == [.gpuLost])
        #expect(lost.first?.severity == .error)
        #expect(lost.first?.subject == "gpu-0")
        #expect(lost.first?.message == "GPU 0: the GPU is lost.")
        #expect(lost.first?.evidence == ["NVIDIA Fake, GPU-a, PCI 0000:3b:00.0"])
        #expect(watch.handle(report(.fresh, trouble: "GPU 0: the GPU is lost"), at: now).isEmpty)
        #expect(watch.handle(report(.fresh), at: now).map(\.kind) == [.gpuBack])
    }

    @Test func `what an old reading says of a card is no news`() {
        var watch = GPUWatch()
        #expect(watch.handle(report(.silent, trouble: "lost"), at: now).map(\.kind) == [.gpuUnreadable])
    }

    @Test func `each Xid is an event with its meaning, at its time`() {
        var watch = GPUWatch()
        let xids = [
            GPUXid(gpu: gpu, code: 79, time: Timestamp(milliseconds: 3)),
            GPUXid(gpu: gpu, code: 31, time: Timestamp(milliseconds: 4), gpuInstance: 2),
        ]
        let events = watch.handle(report(.fresh), xids: xids, at: now)
        #expect(events.map(\.kind) == [.gpuXid, .gpuXid])
        #expect(events.map(\.time.milliseconds) == [3, 4])
        #expect(events[0].message.hasPrefix("Xid 79: The card has fallen off the bus"))
        #expect(events[1].message.hasPrefix("Xid 31 in GPU instance 2: "))
        #expect(events.map(\.severity) == [.error, .info])
    }

    @Test func `an AMD card is called as the kernel calls it`() {
        #expect(GPUIdentity(name: "card1", uuid: "", vendor: .amd).subject == "card1")
    }

    @Test func `only cards of a fresh source that answer are present`() {
        #expect(report(.fresh).present.count == 1)
        #expect(report(.silent).present.isEmpty)
        #expect(report(.fresh, trouble: "lost").present.isEmpty)
        #expect(!report(.silent).isFresh(report(.silent).readings[0]))
    }

    @Test func `a report survives JSON, and what is absent stays absent`() throws {
        var report = report(.fresh)
        report.readings[0].utilization = 0.5
        report.readings[0].throttle = [.idle, .powerCap]
        report.readings[0].throttledSeconds = [.powerCap: 1.5]
        report.readings[0].processes = [GPUProcess(pid: 7, memory: 1)]
        report.readings[0].partitions = [GPUPartition(uuid: "MIG-1", gpuInstance: 1)]
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(GPUReport.self, from: data) == report)
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains(#""throttledSeconds":{"sw_power_cap":1.5}"#))
        #expect(!text.contains("fanSpeed"))
    }

    @Test func `the temperatures that are there have the names of their sensors`() {
        let amd = GPUTemperature(memory: 60, edge: 40, junction: 50)
        #expect(amd.bySensor.map(\.sensor) == ["edge", "junction", "memory"])
        #expect(amd.main == 50)
        #expect(GPUTemperature(core: 41).main == 41)
        #expect(GPUTemperature().main == nil)
    }
}
