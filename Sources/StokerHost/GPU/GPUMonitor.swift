import CLinux
import Glibc
package import StokerCore
import Synchronization

/// All GPUs of this machine, read on threads of their own, one for each way to them. There is no monitor, and no
/// thread, on a machine that has neither NVIDIA's library nor an AMD card.
package final class GPUMonitor: Sendable {
    /// Where GPUs are looked for.
    package struct Places: Sendable, Equatable {
        /// NVIDIA's library, by the name that the loader searches for or by its path; nil: not at all.
        package var nvml: String?
        /// Where sysfs is.
        package var sysfs: String

        package init(nvml: String? = "libnvidia-ml.so.1", sysfs: String = "/sys") {
            self.nvml = nvml
            self.sysfs = sysfs
        }

        /// The usual places, unless `STOKER_NVML_LIBRARY` or `STOKER_SYSFS` name others; an empty library is none.
        package init(environment: [String: String]) {
            let nvml = environment["STOKER_NVML_LIBRARY"] ?? "libnvidia-ml.so.1"
            self.init(nvml: nvml.isEmpty ? nil : nvml, sysfs: environment["STOKER_SYSFS"] ?? "/sys")
        }
    }

    /// A way to GPUs, and how its source is made on its thread.
    private struct Way {
        let sampler: GPUSampler
        let make: @Sendable (GPUCallLog) -> any GPUSource
    }

    private let ways: [Way]
    private let xids: XidWatcher?
    private let owners: GPUOwners
    private let bell: Descriptor
    private let expected = Mutex(0)

    /// Looks for ways to GPUs, and reads nothing yet; nil when there are none.
    package static func find(
        _ places: Places = Places(), timing: GPUSampler.Timing = GPUSampler.Timing(), clock: GPUClock
    ) throws(SystemError) -> GPUMonitor? {
        let hasNVML = places.nvml.map(Self.isThere) ?? false
        let hasAMD = !AMDSource.cards(sysfs: places.sysfs).isEmpty
        guard hasNVML || hasAMD else { return nil }
        return try GPUMonitor(
            nvml: hasNVML ? places.nvml : nil, sysfs: hasAMD ? places.sysfs : nil, timing: timing, clock: clock)
    }

    /// A library that is there and cannot be loaded is there: its reason is worth telling.
    private static func isThere(_ path: String) -> Bool {
        do throws(GPUSourceFailure) {
            _ = try NVMLLibrary(path: path)
            return true
        } catch {
            return !NVMLLibrary.isMissing(error, path: path)
        }
    }

    private init(
        nvml: String?, sysfs: String?, timing: GPUSampler.Timing, clock: GPUClock
    ) throws(SystemError) {
        let number = clinux_event_descriptor()
        guard number >= 0 else { throw SystemError("eventfd") }
        let (bell, owners) = (Descriptor(owning: number), GPUOwners())
        (self.bell, self.owners) = (bell, owners)
        func sampler(_ kind: GPUSourceState.Source) -> GPUSampler {
            GPUSampler(kind: kind, timing: timing, clock: clock, owners: owners, bell: bell)
        }
        var ways: [Way] = []
        var watcher: XidWatcher?
        if let nvml {
            let xids = XidWatcher(bell: bell, wall: clock.wall)
            watcher = xids
            ways.append(
                Way(sampler: sampler(.nvml)) { NVMLSource(path: nvml, log: $0, wall: clock.wall, xids: xids) })
        }
        if let sysfs {
            ways.append(Way(sampler: sampler(.sysfs)) { AMDSource(sysfs: sysfs, log: $0, wall: clock.wall) })
        }
        (self.ways, xids) = (ways, watcher)
    }

    /// Begins to read, on one thread for each way to GPUs and one for what NVIDIA's driver reports by itself.
    package func start() throws(SystemError) {
        try xids?.start()
        for way in ways { try way.sampler.start(way.make) }
    }

    /// What is known now; never waits for a driver.
    package func report() -> GPUReport {
        let reports = ways.map { $0.sampler.report() }
        let readings = reports.flatMap(\.readings)
        let most = expected.withLock { expected in
            expected = max(expected, readings.count)
            return expected
        }
        return GPUReport(sources: reports.map(\.state), readings: readings, expected: most)
    }

    /// Faults that NVIDIA's driver reported since the start.
    package var xidTally: XidTally { xids?.tally ?? XidTally() }

    /// Those that came since the last call, oldest first.
    package func takeXids() -> [GPUXid] { xids?.takePending() ?? [] }

    /// Which processes are Stoker's, by number, from now on.
    package func set(ours: [Int32: String]) { owners.set(ours) }

    /// Ends the threads and waits for them, but for one that hangs no longer than the deadline: a driver that is in use
    /// while the program ends is a crash in its library.
    package func stop(within patience: Duration = .seconds(1)) async {
        var one: UInt64 = 1
        _ = Glibc.write(bell.number, &one, MemoryLayout<UInt64>.size)
        await OwnThread.run { [self] in
            let deadline = Deadline(after: patience)
            while !hasEnded, deadline.left > 0 { clinux_rest(5_000_000) }
        }
    }

    /// Whether no thread is with a driver any more.
    private var hasEnded: Bool { ways.allSatisfy(\.sampler.hasEnded) && xids?.hasEnded ?? true }
}
