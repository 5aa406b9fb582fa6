import StokerCore
import StokerHost
import StokerSupervisor

/// The shell around `StandbyMachine`: shows it what supervisor and gateway say, and carries out what it asks for.
actor StandbyKeeper {
    /// The gateway is asked as often as this; to look more seldom would be to see it late.
    private static let interval = Duration.milliseconds(500)

    private let supervisor: Supervisor<ContinuousClock>
    private let link: GatewayLink
    private let sink: any EventSink
    private let wallClock: @Sendable () -> Timestamp
    private let clock = ContinuousClock()
    private let origin: ContinuousClock.Instant
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private var machine: StandbyMachine
    private var processes: [ProcessStatus] = []
    /// When sleepers wake the loop, the earliest last; one is added only for a time before all of these.
    private var alarms: [Duration] = []
    private var isReading = false
    private var isResting = false

    init(
        plan: Plan, supervisor: Supervisor<ContinuousClock>, link: GatewayLink, sink: any EventSink,
        now: @escaping @Sendable () -> Timestamp
    ) {
        machine = StandbyMachine(StandbyPlan(plan))
        self.supervisor = supervisor
        self.link = link
        self.sink = sink
        wallClock = now
        origin = clock.now
        (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Watches until cancelled, or until the supervisor has ended.
    func run() async {
        let changes = await supervisor.changes
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await statuses in changes { await self.see(statuses) }
                self.wake.finish()
            }
            for await _ in wakes {
                await look(in: &group)
                setAlarm(in: &group)
            }
            group.cancelAll()
        }
    }

    /// A reload.
    func take(_ plan: Plan) {
        machine.revise(StandbyPlan(plan))
        wake.yield()
    }

    /// The control plane ends: nothing is started any more.
    func rest() { isResting = true }

    /// The same processes, the standbys among them with what is to be said of them.
    func annotated(_ statuses: [ProcessStatus]) -> [ProcessStatus] {
        let (now, time) = (now, wallClock())
        return statuses.map { status in
            var status = status
            status.standby = machine.status(of: status.name, at: now, time)
            return status
        }
    }

    // MARK: Inside

    private var now: Duration { origin.duration(to: clock.now) }

    private func see(_ statuses: [ProcessStatus]) {
        processes = statuses
        wake.yield()
    }

    private func look(in group: inout DiscardingTaskGroup) async {
        let gateway = await link.latest
        guard !isResting, !machine.plan.isEmpty else { return }
        // No place for `occupied` yet: what uses a GPU beside our processes is not read.
        let sight = StandbyMachine.Sight(processes: processes, gateway: gateway)
        for effect in machine.handle(sight, at: now) { await perform(effect, in: &group) }
    }

    private func perform(_ effect: StandbyMachine.Effect, in group: inout DiscardingTaskGroup) async {
        switch effect {
        // An order that is refused has no effect, and is given again.
        case .start(let name): try? await supervisor.order(.start, process: name)
        case .stop(let name): try? await supervisor.order(.stop, process: name)
        case .keepCached(let paths):
            guard !isReading else { return }
            isReading = true
            group.addTask {
                _ = await OwnThread.run {
                    ReadAhead.keep(paths, most: ReadAhead.budget(meminfo: TextFile.read("/proc/meminfo") ?? ""))
                }
                await self.noteRead()
            }
        case .record(let severity, let kind, let subject, let message, let evidence):
            sink.record(
                Event(
                    time: wallClock(), severity: severity, kind: kind, subject: subject, message: message,
                    evidence: evidence))
        }
    }

    private func noteRead() { isReading = false }

    private func setAlarm(in group: inout DiscardingTaskGroup) {
        let now = now
        guard !machine.plan.isEmpty else { return }
        let next = min(machine.nextLook(after: now) ?? .seconds(3600), now + Self.interval)
        guard alarms.last.map({ next < $0 }) ?? true else { return }
        alarms.append(next)
        let instant = origin.advanced(by: next)
        group.addTask {
            // A cancelled sleep means that the loop has ended.
            try? await self.clock.sleep(until: instant)
            await self.ring(next)
        }
    }

    private func ring(_ alarm: Duration) {
        alarms.removeAll { $0 == alarm }
        wake.yield()
    }
}
