import ServiceLifecycle
import StokerCore
import StokerHost
import StokerMetrics

/// Joins the GPU monitor with the rest: tells it whose processes are ours, and makes events of what it finds out.
struct GPUService: Sendable {
    let monitor: GPUMonitor
    let sink: any EventSink
    /// The running processes by number.
    let ours: @Sendable () async -> [Int32: String]

    /// The monitor, with its metrics in the registry; nil, and not a series, on a machine without GPUs.
    static func find(environment: [String: String], registry: MetricsRegistry) throws -> GPUMonitor? {
        let clock = GPUClock(monotonic: MetricsClock.system.monotonic, wall: MetricsClock.system.wall)
        guard let monitor = try GPUMonitor.find(GPUMonitor.Places(environment: environment), clock: clock) else {
            return nil
        }
        GPUMetrics.collect(into: registry, report: { monitor.report() }, xids: { monitor.xidTally })
        return monitor
    }

    /// Reads until the daemon ends, then lets go of the drivers.
    func run<C: Clock>(clock: C) async where C.Duration == Duration {
        do throws(SystemError) {
            try monitor.start()
        } catch {
            let message = "GPUs cannot be read: \(error)."
            sink.record(Event(time: .now, severity: .warning, kind: .gpuUnreadable, message: message))
        }
        await cancelWhenGracefulShutdown {
            var watch = GPUWatch()
            while !Task.isCancelled {
                monitor.set(ours: await ours())
                for event in watch.handle(monitor.report(), xids: monitor.takeXids(), at: .now) { sink.record(event) }
                try? await clock.sleep(for: .seconds(1))
            }
        }
        await monitor.stop()
    }
}
