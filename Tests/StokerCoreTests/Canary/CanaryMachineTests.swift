import StokerCore
import Testing

@Suite struct CanaryMachineTests {
    private let order = CanaryOrder(backends: ["new"], steps: [100, 500, 1000], hold: .seconds(30), minRequests: 20)

    /// A canary that is told what the test says, second by second.
    struct Stage {
        var machine = CanaryMachine(model: "m")
        var now = 0
        var counts = CanaryCounts(model: "m", permille: 0, salt: 9)
        var effects: [CanaryMachine.Effect] = []

        var moment: CanaryMachine.Moment {
            .init(elapsed: .seconds(now), wall: Timestamp(milliseconds: Int64(now) * 1000))
        }

        mutating func obey(_ order: CanaryMachine.Order) throws(ControlError) {
            effects += try machine.obey(order, at: moment)
        }

        mutating func tell(_ event: CanaryMachine.Event) { effects += machine.handle(event, at: moment) }

        /// So many seconds, in each of which the gateway counts this much.
        mutating func pass(
            _ seconds: Int, canary: Int = 5, failed: Int = 0, refused: Int = 0, stable: Int = 5, serving: Bool = true
        ) {
            for _ in 0..<seconds {
                now += 1
                let permille = machine.split?.permille ?? 0
                if counts.permille != permille { counts = CanaryCounts(model: "m", permille: permille, salt: 9) }
                counts.canary.begun += canary
                counts.canary.refused += refused
                for _ in 0..<failed { counts.canary.fail(reason: "reset") }
                counts.stable.begun += stable
                if permille > 0 { tell(.counts(counts)) }
                tell(.tick(isServing: serving))
            }
        }

        var kinds: [Event.Kind] {
            effects.compactMap { if case .record(let kind, _, _, _) = $0 { kind } else { nil } }
        }

        var status: CanaryStatus { CanaryStatus(machine, offered: ["new"]) }
    }

    private func started() throws -> Stage {
        var stage = Stage()
        try stage.obey(.start(order, salt: 9))
        return stage
    }

    // MARK: The good way

    @Test func `a start gives the canary its first share`() throws {
        let stage = try started()
        #expect(stage.machine.split == CanarySplit(backends: ["new"], permille: 100, salt: 9))
        #expect(stage.effects.prefix(2) == [.route, .persist])
        #expect(stage.kinds == [.canaryStarted])
    }

    @Test func `steps are passed after their time, and the last one is the promotion`() throws {
        var stage = try started()
        stage.pass(30)
        #expect(stage.machine.split?.permille == 100)
        stage.pass(1)
        #expect(stage.machine.split?.permille == 500)
        stage.pass(31)
        #expect(stage.machine.split?.permille == 1000)
        #expect(stage.status.state == "promoted")
        #expect(stage.kinds == [.canaryStarted, .canaryStep, .canaryPromoted])
    }

    @Test func `a step waits for its number of first attempts`() throws {
        var stage = try started()
        stage.pass(100, canary: 0)
        #expect(stage.machine.split?.permille == 100)
        #expect(stage.status.next == "50 % after 20 more first attempts")
        stage.pass(4, canary: 5)
        #expect(stage.machine.split?.permille == 500)
    }

    @Test func `one that turns its requests away is not promoted for them, nor rolled back`() throws {
        var stage = try started()
        stage.pass(200, canary: 5, refused: 5)
        #expect(stage.machine.split?.permille == 100)
        #expect(stage.status.canary?.refused == 1000)
        #expect(stage.status.state == "running")
    }

    @Test func `suspicion holds a step`() throws {
        var stage = try started()
        // Three failures at a tenth of the requests: over 10, below 100.
        stage.pass(1, canary: 2, failed: 2, stable: 18)
        #expect(stage.status.evidence ?? 0 >= CanaryRun.suspicion && stage.status.state == "running")
        stage.pass(60, canary: 2, stable: 18)
        #expect(stage.machine.split?.permille == 100)
        #expect(stage.status.next == "50 % once the evidence is below 10")
    }

    @Test func `the way ahead is said in words`() throws {
        var stage = try started()
        stage.pass(3)
        #expect(stage.status.next == "50 % in 28 s after 5 more first attempts")
    }

    // MARK: The bad way

    @Test func `one that fails is rolled back with the evidence`() throws {
        var stage = try started()
        stage.pass(20, canary: 2, failed: 1, stable: 18)
        #expect(stage.machine.split == nil)
        #expect(stage.status.state == "rolled-back")
        #expect(stage.status.why == "it fails more first attempts than stable")
        guard case .record(.canaryRolledBack, .warning, let message, let facts)? = stage.effects.last else {
            Issue.record("\(stage.effects)")
            return
        }
        #expect(message == "The canary new was rolled back at 10 %: it fails more first attempts than stable.")
        #expect(facts.count == 3)
        #expect(facts[0].hasPrefix("canary: 6 first attempts, 3 failed (reset 3), 0 turned away"))
        #expect(facts[2].hasPrefix("evidence against it: "))
    }

    @Test func `failures of both are nobody's`() throws {
        var stage = try started()
        for _ in 0..<25 {
            stage.counts.stable.fail(reason: "reset")
            stage.pass(1, canary: 5, failed: 1)
        }
        #expect(stage.status.state == "running")
    }

    @Test func `counts of another split are ignored`() throws {
        var stage = try started()
        for permille in [0, 500] {
            var other = CanaryCounts(model: "m", permille: permille, salt: 9)
            other.canary = FirstAttempts(begun: 1000, failed: 1000)
            other.stable = FirstAttempts(begun: 1000)
            stage.tell(.counts(other))
        }
        let failures = FirstAttempts(begun: 9, failed: 9)
        stage.tell(.counts(CanaryCounts(model: "m", permille: 100, salt: 8, canary: failures)))
        #expect(stage.status.canary?.firstAttempts == 0)
    }

    @Test func `a gateway that starts anew costs nothing but its counts`() throws {
        var stage = try started()
        stage.pass(4)
        stage.counts = CanaryCounts(model: "m", permille: 100, salt: 9)
        stage.pass(2)
        #expect(stage.status.canary?.firstAttempts == 30)
    }

    // MARK: The canary is away

    @Test func `a short absence changes nothing but the clock`() throws {
        var stage = try started()
        stage.pass(20)
        stage.pass(9, canary: 0, serving: false)
        #expect(stage.machine.split?.permille == 100)
        stage.pass(5)
        #expect(stage.machine.split?.permille == 100)
        stage.pass(10)
        #expect(stage.machine.split?.permille == 500)
    }

    @Test func `after the grace its share is back with stable, until it serves again`() throws {
        var stage = try started()
        stage.pass(11, canary: 0, serving: false)
        #expect(stage.machine.split == nil)
        #expect(stage.status.state == "paused")
        #expect(stage.status.next == "waits for the canary to serve again")
        stage.pass(1)
        #expect(stage.machine.split?.permille == 100)
        #expect(stage.kinds == [.canaryStarted, .canaryPaused, .canaryStep])
    }

    @Test func `one that stays away is rolled back`() throws {
        var stage = try started()
        stage.pass(301, canary: 0, serving: false)
        #expect(stage.status.state == "rolled-back")
        #expect(stage.status.why == "it has not served for 5 min")
    }

    @Test func `one that leaves the config in mid-flight is rolled back`() throws {
        var stage = try started()
        stage.pass(3)
        stage.tell(.planned(["other"]))
        #expect(stage.machine.split == nil)
        #expect(stage.status.why == "it has left the config")
    }

    @Test func `one of two that leaves is left out`() throws {
        var stage = Stage()
        try stage.obey(
            .start(CanaryOrder(backends: ["new", "newer"], steps: [100, 1000]), salt: 9))
        stage.tell(.planned(["newer"]))
        #expect(stage.machine.split?.backends == ["newer"])
    }

    @Test func `a plan with the same canary changes nothing`() throws {
        var stage = try started()
        stage.effects = []
        stage.tell(.planned(["new", "newer"]))
        #expect(stage.effects.isEmpty)
    }

    // MARK: Orders

    @Test func `promote goes one step, or to the end`() throws {
        var stage = try started()
        try stage.obey(.promote(toEnd: false))
        #expect(stage.machine.split?.permille == 500)
        try stage.obey(.promote(toEnd: false))
        #expect(stage.status.state == "promoted")
        var other = try started()
        try other.obey(.promote(toEnd: true))
        #expect(other.machine.split?.permille == 1000)
    }

    @Test func `abort gives all clients back, also after the promotion`() throws {
        var stage = try started()
        try stage.obey(.abort)
        #expect(stage.machine.split == nil && stage.status.state == "aborted")
        try stage.obey(.start(order, salt: 10))
        try stage.obey(.promote(toEnd: true))
        try stage.obey(.abort)
        #expect(stage.machine.split == nil)
        #expect(stage.kinds.filter { $0 == .canaryAborted }.count == 2)
    }

    @Test func `a start at 100 per cent is a promotion`() throws {
        var stage = Stage()
        try stage.obey(.start(CanaryOrder(backends: ["new"], steps: [1000]), salt: 9))
        #expect(stage.status.state == "promoted")
    }

    @Test func `orders that do not fit are refused with what to do`() throws {
        var stage = Stage()
        for order in [CanaryMachine.Order.promote(toEnd: false), .abort] {
            let error = #expect(throws: ControlError.self) { try stage.obey(order) }
            #expect(error?.code == .conflict && error?.hint == "stoker canary start m")
        }
        stage = try started()
        let second = #expect(throws: ControlError.self) { try stage.obey(.start(order, salt: 1)) }
        #expect(second?.hint == "stoker canary abort m")
        try stage.obey(.promote(toEnd: true))
        let third = #expect(throws: ControlError.self) { try stage.obey(.start(order, salt: 1)) }
        #expect(third?.message == "the canary of m is promoted")
    }

    @Test func `a promoted canary is none any more once the config says so`() throws {
        var stage = try started()
        try stage.obey(.promote(toEnd: true))
        stage.tell(.planned([]))
        #expect(stage.machine.split == nil && stage.machine.phase == .none && stage.machine.record == nil)
    }

    // MARK: The next control plane

    @Test func `a run goes on at its step for the same clients, with evidence from now on`() throws {
        var stage = try started()
        stage.pass(31)
        let record = try #require(stage.machine.record)
        var next = stage
        next.machine = CanaryMachine(record)
        #expect(next.machine.split == stage.machine.split)
        // What the gateway counted before is not counted again.
        next.counts.canary.begun = 500
        next.pass(1)
        #expect(next.status.canary?.firstAttempts == 0)
        next.pass(1)
        #expect(next.status.canary?.firstAttempts == 5)
    }

    @Test func `how a canary ended outlives the control plane`() throws {
        var stage = try started()
        stage.pass(20, canary: 2, failed: 1, stable: 18)
        let next = CanaryMachine(try #require(stage.machine.record))
        let status = CanaryStatus(next, offered: ["new"])
        #expect(status.state == "rolled-back" && status.why == "it fails more first attempts than stable")
        #expect(next.split == nil)
        #expect(CanaryMachine(model: "m").record == nil)
    }

    @Test func `a promoted one stays promoted`() throws {
        var stage = try started()
        try stage.obey(.promote(toEnd: true))
        let next = CanaryMachine(try #require(stage.machine.record))
        #expect(next.split == stage.machine.split)
    }

    @Test func `a record of a step that is not there is taken for the last`() throws {
        var record = try #require(try started().machine.record)
        record.step = 99
        #expect(CanaryMachine(record).split?.permille == 1000)
        record.step = -1
        #expect(CanaryMachine(record).split?.permille == 100)
    }
}

@Suite struct CanaryDeskTests {
    private let plans = [
        ModelPlan(name: "m", backends: ["old"], canary: ["new", "newer"]), ModelPlan(name: "plain", backends: ["old"]),
    ]
    private let moment = CanaryMachine.Moment(elapsed: .zero, wall: Timestamp(milliseconds: 1))

    private func running() throws -> CanaryDesk {
        var desk = CanaryDesk(plans)
        _ = try desk.obey(.start(CanaryOrder(), salt: 1), model: "m", usable: ["new"], at: moment)
        return desk
    }

    @Test func `all canaries of the model take part where none is named`() throws {
        #expect(try running().splits["m"]?.backends == ["new", "newer"])
    }

    @Test func `models with a canary in the config have a status, others none`() {
        let statuses = CanaryDesk(plans).statuses()
        #expect(statuses.map(\.model) == ["m"])
        #expect(statuses[0].state == "none" && statuses[0].backends == ["new", "newer"])
        #expect(!CanaryDesk(plans).isActive)
    }

    @Test(arguments: [
        ("plain", [], ["new"], ControlError.Code.unknownModel), ("nobody", [], ["new"], .unknownModel),
        ("m", ["old"], ["old"], .badRequest), ("m", ["new"], ["newer"], .conflict),
    ])
    func `a start that cannot be is refused`(
        model: String, backends: [String], usable: [String], code: ControlError.Code
    ) {
        var desk = CanaryDesk(plans)
        let error = #expect(throws: ControlError.self) {
            try desk.obey(
                .start(CanaryOrder(backends: backends), salt: 1), model: model, usable: Set(usable), at: moment)
        }
        #expect(error?.code == code)
        #expect(desk.splits.isEmpty)
    }

    @Test func `the gateway's counts reach the model's canary`() throws {
        var desk = try running()
        var counts = CanaryCounts(model: "m", permille: 400, salt: 1)
        counts.canary = FirstAttempts(begun: 40, failed: 20)
        counts.stable = FirstAttempts(begun: 60)
        let effects = desk.look([counts], usable: ["new"], at: moment)
        #expect(effects.map(\.model) == ["m", "m", "m"] && effects.first?.effect == .route)
        #expect(desk.splits.isEmpty && !desk.isActive)
    }

    @Test func `it serves as long as one of its backends could`() throws {
        var desk = try running()
        for second in 1...20 {
            _ = desk.look(
                [], usable: ["newer"], at: .init(elapsed: .seconds(second), wall: Timestamp(milliseconds: 1)))
        }
        #expect(desk.splits["m"] != nil)
    }

    @Test func `a model that leaves the config takes its canary with it`() throws {
        var desk = try running()
        let effects = desk.plan([ModelPlan(name: "other", backends: ["old"])], at: moment)
        #expect(desk.splits.isEmpty)
        #expect(effects.contains { if case .record(.canaryRolledBack, _, _, _) = $0.effect { true } else { false } })
        #expect(desk.statuses().map(\.state) == ["rolled-back"])
    }

    @Test func `what has never run is forgotten with the config`() {
        var desk = CanaryDesk(plans)
        _ = desk.plan([], at: moment)
        #expect(desk.statuses().isEmpty)
    }

    @Test func `records of an earlier control plane are taken up`() throws {
        let record = try #require(try running().machines["m"]?.record)
        let desk = CanaryDesk(plans, records: [record])
        #expect(desk.splits == (try running().splits))
        #expect(desk.isActive)
    }
}
