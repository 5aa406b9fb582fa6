package import StokerCore
import Synchronization

/// The shell around `FailoverClock`: stamps what it hears with the monotonic clock, and hands on what is finished.
///
/// It listens to the control plane's events as one of their sinks, so the supervisor knows nothing of it.
package final class FailoverRecorder: EventSink {
    private static let kept = 64

    private let clock: Mutex<FailoverClock>
    private let now: @Sendable () -> BootTime
    private let wall: @Sendable () -> Timestamp
    /// Finished failovers that a drill has caused, the newest few.
    private let drilled = Mutex<[FailoverRecord]>([])
    private let finished = Mutex<@Sendable (FailoverRecord) -> Void>({ _ in })

    /// - Parameters:
    ///   - now: `CLOCK_MONOTONIC`, the clock of the gateway's reports.
    package init(now: @escaping @Sendable () -> BootTime, wall: @escaping @Sendable () -> Timestamp) {
        self.now = now
        self.wall = wall
        clock = Mutex(FailoverClock(startedAt: now()))
    }

    /// Says what is to become of each failover that is over; called on the thread that heard of its end.
    package func onFinished(_ body: @escaping @Sendable (FailoverRecord) -> Void) { finished.withLock { $0 = body } }

    /// Failovers that are not over yet.
    package var openCount: Int { clock.withLock { $0.openCount } }

    /// Those that a drill has caused: how many are not over, and the others.
    package func failovers(ofDrill id: Int64) -> (open: Int, done: [FailoverRecord]) {
        // Open first: one that is finished in between is then in neither, and found the next time.
        let open = clock.withLock { $0.openCount(ofDrill: id) }
        return (open, drilled.withLock { $0.filter { $0.drill == id } })
    }

    /// Listens to what becomes of processes.
    package func record(_ event: Event) {
        guard let name = event.subject, let observation = Self.observation(event, of: name) else { return }
        observe(observation)
    }

    /// Takes in what somebody saw just now.
    package func observe(_ observation: FailoverClock.Observation) {
        let records = clock.withLock { $0.handle(observation, at: now(), wall: wall()) }
        guard !records.isEmpty else { return }
        drilled.withLock { drilled in
            drilled = (drilled + records.filter { $0.drill != nil }).suffix(Self.kept)
        }
        // Outside of the lock: it may say something that comes back as an event.
        let finished = finished.withLock { $0 }
        for record in records { finished(record) }
    }

    /// The gateway has answered, or not.
    package func observe(_ status: GatewayStatus?) {
        guard let status, let losses = status.losses else { return observe(.tick) }
        observe(.gateway(losses, usable: Set(status.backends.filter(\.usable).map(\.name))))
    }

    private static func observation(_ event: Event, of name: String) -> FailoverClock.Observation? {
        switch event.kind {
        case .processExited: .exited(name, words: cause(event.message))
        case .processUnready: .unready(name, words: cause(event.message))
        case .processReady: .ready(name)
        case .processStopping: .stopping(name)
        case .processGaveUp: .gaveUp(name)
        default: nil
        }
    }

    /// `killed by SIGKILL, not by the kernel's OOM killer, 3 s after its start`: the first clause is enough.
    private static func cause(_ message: String) -> String { String(message.prefix { $0 != "," }) }
}
