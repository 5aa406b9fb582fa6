import StokerCore

/// A machine room for one `StandbyMachine`: processes that load, die and are restarted as the supervisor does it,
/// people who give orders, and a gateway whose reports are half a second old.
struct StandbySimulation {
    /// What the room is like.
    struct Room {
        var backends: [String]
        var cold: [String]
        var away: [String] = []
        var sharing: Set<String> = []
        var failback = Duration.seconds(60)
        /// Seconds that a load takes, by process.
        var loads: [String: Int]
        /// Those that end before they have loaded, always.
        var broken: Set<String> = []
    }

    private struct Machine {
        var state: ProcessStatus.State
        var restarts = 0
        /// When loading, stopping or the wait for a restart ends.
        var due: Duration?
        var attempts = 0
        var lastLoad: Double?
    }

    private static let giveUpStarts = 5

    let room: Room
    private(set) var now = Duration.zero
    private(set) var problems: [String] = []
    /// When the machine has ordered starts of cold standbys.
    private(set) var promotions: [Duration] = []
    /// Since when no request could have been served here.
    private(set) var darkSince: Duration?
    private(set) var longestDark = Duration.zero
    private var standby: StandbyMachine
    private var random: SeededGenerator
    private var machines: [String: Machine]
    private var report: GatewayStatus?
    private var reportedAt = Duration.zero
    private var isByHand = false

    init(_ room: Room, seed: UInt64) {
        self.room = room
        random = SeededGenerator(seed: seed)
        let plan = standbyPlan(
            backends: room.backends, cold: room.cold, away: room.away, sharing: room.sharing, failback: room.failback)
        standby = StandbyMachine(StandbyPlan(plan))
        machines = Dictionary(uniqueKeysWithValues: room.backends.map { ($0, Machine(state: .ready)) })
        for name in room.cold { machines[name] = Machine(state: .stopped) }
        for name in room.away { machines[name] = Machine(state: .ready) }
    }

    private var managed: [String] { room.backends + room.cold }

    /// A quarter of a second: deaths of that probability per process and second, orders of people as often as asked.
    mutating func step(deaths: Double, orders: Double = 0) {
        now += .milliseconds(250)
        for name in managed.sorted() { live(name, deaths) }
        for name in room.away where random.chance(deaths / 8) {
            let isReady = machines[name]?.state == .ready
            machines[name]?.state = isReady ? .unready : .ready
        }
        if random.chance(orders / 4), let name = managed.sorted().randomElement(using: &random) {
            isByHand = true
            random.chance(0.6) ? start(name) : stop(name)
        }
        if now - reportedAt >= .milliseconds(500) {
            reportedAt = now
            report = GatewayStatus(
                version: 1, epoch: 1,
                backends: machines.keys.sorted().map {
                    BackendStatus(name: $0, usable: machines[$0]?.state == .ready, inFlight: 0)
                })
        }
        act()
        check()
    }

    /// The machine was asleep, or its clock runs wild.
    mutating func jump(_ duration: Duration) { now += duration }

    private mutating func act() {
        // The gateway is silent now and then.
        let gateway = random.chance(0.05) ? nil : report
        for effect in standby.handle(StandbyMachine.Sight(processes: statuses, gateway: gateway), at: now) {
            switch effect {
            case .start(let name):
                if room.cold.contains(name) { promotions.append(now) }
                start(name)
            case .stop(let name):
                checkStop(of: name)
                stop(name)
            case .keepCached, .record: break
            }
        }
    }

    private var statuses: [ProcessStatus] {
        machines.sorted { $0.key < $1.key }.map { name, machine in
            var status = standbyStatus(name, machine.state, managed: managed.contains(name))
            status.restarts = machine.restarts
            status.lastStartSeconds = machine.lastLoad
            return status
        }
    }

    // MARK: Processes, as the supervisor has them

    private mutating func live(_ name: String, _ deaths: Double) {
        guard let machine = machines[name] else { return }
        switch machine.state {
        case .starting, .ready, .unready: run(name, machine, deaths)
        case .draining:
            if isDue(machine) {
                machines[name]?.state = .stopping
                machines[name]?.due = now + .milliseconds(300)
            }
        case .stopping: if isDue(machine) { machines[name]?.state = .stopped }
        case .backoff: if isDue(machine) { launch(name, isRestart: true) }
        case .waiting: if holder(against: name) == nil { launch(name, isRestart: false) }
        case .stopped, .failed: break
        }
    }

    private mutating func run(_ name: String, _ machine: Machine, _ deaths: Double) {
        if machine.state == .starting, isDue(machine) {
            if room.broken.contains(name) { return die(name) }
            machines[name]?.state = .ready
            machines[name]?.attempts = 0
            machines[name]?.lastLoad = Double(room.loads[name] ?? 1)
        } else if random.chance(deaths / 4) {
            die(name)
        }
    }

    private mutating func die(_ name: String) {
        guard let machine = machines[name] else { return }
        machines[name]?.attempts += 1
        if machine.attempts >= Self.giveUpStarts {
            machines[name]?.state = .failed
        } else if machine.attempts == 0 {
            launch(name, isRestart: true)
        } else {
            machines[name]?.state = .backoff
            machines[name]?.due = now + random.duration(below: .seconds(1 << machine.attempts))
        }
    }

    private mutating func launch(_ name: String, isRestart: Bool) {
        if isRestart { machines[name]?.restarts += 1 }
        if let other = holder(against: name) { problems.append("\(name) starts while \(other) holds gpu0, at \(now)") }
        machines[name]?.state = .starting
        machines[name]?.due = now + .seconds(room.loads[name] ?? 1)
    }

    private mutating func start(_ name: String) {
        guard let machine = machines[name], machine.state == .stopped || machine.state == .failed else { return }
        machines[name]?.attempts = 0
        guard holder(against: name) == nil else {
            machines[name]?.state = .waiting
            return
        }
        launch(name, isRestart: false)
    }

    private mutating func stop(_ name: String) {
        guard let machine = machines[name] else { return }
        switch machine.state {
        case .ready, .unready:
            machines[name]?.state = .draining
            machines[name]?.due = now + random.duration(below: .seconds(20))
        case .starting, .draining:
            machines[name]?.state = .stopping
            machines[name]?.due = now + .milliseconds(300)
        case .waiting, .backoff, .failed: machines[name]?.state = .stopped
        case .stopped, .stopping: break
        }
    }

    private func isDue(_ machine: Machine) -> Bool { machine.due.map { now >= $0 } ?? false }

    private func holder(against name: String) -> String? {
        guard room.sharing.contains(name) else { return nil }
        return room.sharing.sorted().first { other in
            guard other != name, let state = machines[other]?.state else { return false }
            return [.starting, .ready, .unready, .draining, .stopping, .backoff].contains(state)
        }
    }

    // MARK: What must hold

    private mutating func check() {
        let alive = room.sharing.filter {
            guard let state = machines[$0]?.state else { return false }
            return [.starting, .ready, .unready, .stopping].contains(state)
        }
        if alive.count > 1 { problems.append("\(alive.sorted()) hold gpu0 at \(now)") }
        if managed.contains(where: { machines[$0]?.state == .ready }) {
            if let darkSince { longestDark = max(longestDark, now - darkSince) }
            darkSince = nil
        } else {
            darkSince = darkSince ?? now
        }
    }

    private mutating func checkStop(of name: String) {
        // People may ask for a gap, and nobody can know when they have.
        guard !isByHand, machines[name]?.state == .ready else { return }
        let others = managed.filter { $0 != name && machines[$0]?.state == .ready }
        if others.isEmpty { problems.append("\(name) is stopped while nobody else serves, at \(now)") }
    }

    /// Most promotions within any hour.
    var busiestHour: Int {
        promotions.map { first in promotions.count { $0 >= first && $0 < first + .seconds(3600) } }.max() ?? 0
    }
}
