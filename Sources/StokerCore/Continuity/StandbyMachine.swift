/// Decides when a cold standby is started and when it steps back: a value, one for the plan.
///
/// Traffic needs no decision of it: the gateway takes the first tier that has somebody. What it decides is about
/// processes: whose weights are loaded, who gives a shared GPU up, and what a person is told.
///
/// ```
///            nobody above serves             ready
///  resting ─────────────────────▶ loading ────────▶ serving ◀─▶ draining
///     ▲ ▲                            │ does not load              │ the backends were whole for `failback`
///     │ └─ retry, 1 min to 1 h ──────┘                            ▼
///     └──────────────────────────────────────────────────────  stopping
/// ```
///
/// What it promises, whatever comes: it never stops a standby while nobody above it serves, unless a person asks for
/// the resource; it never has two holders of one resource; promotions are bounded by the wait before a failback, which
/// doubles each time that one was undone; and a standby that loads is found, if there is one.
package struct StandbyMachine: Sendable, Equatable {
    /// What it is shown: the newest that supervisor and gateway have said.
    package struct Sight: Sendable {
        package var processes: [ProcessStatus]
        /// nil while the gateway is silent.
        package var gateway: GatewayStatus?
        /// Resources that are in use by what is no process of the plan, as far as the shell can see.
        package var occupied: Set<String>

        package init(processes: [ProcessStatus], gateway: GatewayStatus?, occupied: Set<String> = []) {
            self.processes = processes
            self.gateway = gateway
            self.occupied = occupied
        }
    }

    /// What it asks for.
    package enum Effect: Sendable, Equatable {
        case start(String)
        case stop(String)
        /// Read these files ahead, as far as memory allows.
        case keepCached([String])
        case record(Event.Severity, Event.Kind, subject: String, message: String, evidence: [String])
    }

    /// Nobody serves for this long before a cold standby is started, lest a restart of a moment load weights.
    package static let grace = Duration.milliseconds(500)
    /// The same while a backend's process is ready and only the gateway cannot reach it: three of its reports.
    package static let doubtfulGrace = Duration.milliseconds(1500)
    /// The longest wait before a failback, unless the plan's own is longer.
    package static let longestFailback = Duration.seconds(3600)
    /// A standby that has not loaded rests for this long, twice as long each time, up to an hour.
    package static let firstRetry = Duration.seconds(60)
    package static let longestRetry = Duration.seconds(3600)
    /// An attached backend that does not answer at the daemon's start is loading for no longer than this.
    package static let firstAnswer = Duration.seconds(5)
    /// A drain lasts at least this long: the gateway's count of what is in flight may be half a second old.
    package static let shortestDrain = Duration.seconds(1)
    /// An order that shows no effect for this long is given again.
    package static let orderPatience = Duration.seconds(5)
    /// How often model files are read ahead: what others read meanwhile pushes them out.
    package static let cachePause = Duration.seconds(300)

    package private(set) var plan: StandbyPlan
    var tracks: [String: Track] = [:]
    var models: [String: ModelView] = [:]
    var standbys: [String: Standby] = [:]
    /// Backends that were put to rest because a standby needs what they held.
    var displaced: [String: Displacement] = [:]
    /// Standbys of all kinds that serve because nobody above them does, and since when.
    var serving: [String: Duration] = [:]
    private var cacheDue: Duration?

    /// A machine that has seen nothing yet.
    package init(_ plan: StandbyPlan) {
        self.plan = plan
        for name in plan.cold { standbys[name] = Standby() }
    }

    /// A reload: who stays keeps what is known of it.
    package mutating func revise(_ plan: StandbyPlan) {
        guard plan != self.plan else { return }
        self.plan = plan
        let names = Set(plan.cold)
        standbys = standbys.filter { names.contains($0.key) }
        for name in plan.cold where standbys[name] == nil { standbys[name] = Standby() }
        displaced = displaced.filter { plan.resources[$0.key] == $0.value.resource }
        models = models.filter { model, _ in plan.ladders.contains { $0.model == model } }
        cacheDue = nil
    }

    /// Takes in what is seen and says what to do, in this order.
    ///
    /// - Parameter now: Monotonic time, on the same scale at each call.
    package mutating func handle(_ sight: Sight, at now: Duration) -> [Effect] {
        var turn = StandbyTurn(now: now, occupied: sight.occupied)
        observe(sight, now)
        for ladder in plan.ladders { watch(ladder, now) }
        for name in plan.cold { follow(name, &turn) }
        for ladder in plan.ladders { choose(ladder, &turn) }
        for name in plan.cold { reconsider(name, &turn) }
        settleDisplaced(&turn)
        noteServing(&turn)
        keepCached(&turn)
        return turn.effects
    }

    /// When to look again although nothing was seen; nil: only what is seen can change anything.
    package func nextLook(after now: Duration) -> Duration? {
        var times: [Duration] = []
        for ladder in plan.ladders where !ladder.cold.isEmpty {
            guard let model = models[ladder.model] else { continue }
            if let since = model.outageSince { times += [since + Self.grace, since + Self.doubtfulGrace] }
            if !model.hasServed, let first = model.firstSeen { times.append(first + Self.firstAnswer) }
            if let since = model.wholeSince {
                times += ladder.cold.compactMap { standbys[$0] }.filter(\.isActive).map {
                    since + failbackWait(ladder, $0)
                }
            }
        }
        for standby in standbys.values { times += standby.deadlines }
        times += displaced.values.filter { !$0.isDown }.map { $0.at + Self.orderPatience }
        if let cacheDue { times.append(cacheDue) }
        return times.filter { $0 > now }.min()
    }

    private mutating func keepCached(_ turn: inout StandbyTurn) {
        guard cacheDue.map({ turn.now >= $0 }) ?? true else { return }
        cacheDue = turn.now + Self.cachePause
        let files = plan.cold.flatMap { plan.modelFiles[$0] ?? [] }
        guard !files.isEmpty else {
            cacheDue = turn.now + Self.longestRetry
            return
        }
        turn.effects.append(.keepCached(files))
    }
}

/// One call of `handle`: its time, and the effects so far.
struct StandbyTurn {
    let now: Duration
    let occupied: Set<String>
    var effects: [StandbyMachine.Effect] = []

    /// Something worth a record, in the ordinary course of things.
    mutating func record(_ kind: Event.Kind, _ subject: String, _ message: String, _ evidence: [String] = []) {
        record(.info, kind, subject, message, evidence)
    }

    mutating func record(
        _ severity: Event.Severity, _ kind: Event.Kind, _ subject: String, _ message: String, _ evidence: [String] = []
    ) {
        effects.append(.record(severity, kind, subject: subject, message: message, evidence: evidence))
    }
}
