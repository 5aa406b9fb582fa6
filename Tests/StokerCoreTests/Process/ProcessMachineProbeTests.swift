import StokerCore
import Testing

@Suite("A process that is asked how it is")
struct ProcessMachineProbeTests {
    @Test("stays ready through one bad answer, and is unready after as many in a row as its threshold says")
    func unready() {
        var bench = Bench.ready()
        bench.pass(.milliseconds(1100))
        bench.answer(.readiness, .timeout(phase: "first byte"))
        #expect(bench.state == .ready)
        bench.pass(.milliseconds(1100))
        bench.answer(.readiness, .status(503))
        #expect(bench.state == .unready)
        #expect(bench.reason == "its readiness probe fails: GET http://engine/health: HTTP 503 (2 times in a row)")
        #expect(bench.records.last?.kind == .processUnready)
        #expect(bench.actions == ["start 1"])
    }

    @Test("is ready again after a good answer")
    func readyAgain() {
        var bench = Bench.ready()
        bench.pass(.seconds(4), answering: .readiness, .status(503))
        #expect(bench.state == .unready)
        bench.pass(.seconds(2), answering: .readiness)
        #expect(bench.state == .ready)
        #expect(bench.records.last?.message == "ready again")
        #expect(bench.machine.report.lastStart == .milliseconds(100))
    }

    @Test("says once that it is unready, however long that lasts")
    func unreadyOnce() {
        var bench = Bench.ready()
        bench.pass(.seconds(60), answering: .readiness, .status(503))
        #expect(bench.kinds.count { $0 == .processUnready } == 1)
    }

    @Test("is restarted when its liveness probe fails, with the reason")
    func liveness() {
        var bench = Bench.ready()
        bench.pass(.seconds(3), answering: .liveness, .timeout(phase: "first byte"))
        #expect(bench.actions == ["start 1", "terminate 1"])
        #expect(bench.reason == "stopping: its liveness probe fails: no answer after 3 ms (first byte)")
        bench.exited(.signal(15, dumpedCore: false))
        #expect(bench.actions.last == "start 2")
        #expect(bench.restarts == [.health])
    }

    @Test("never hears two questions of a kind at once, however slowly it answers")
    func oneQuestionAtATime() {
        var bench = Bench.ready()
        bench.pass(.seconds(600))
        #expect(bench.questions.map(\.kind) == [.liveness, .readiness])
    }

    @Test("is asked every interval, a tenth more or less, counted from question to question")
    func interval() {
        var bench = Bench.ready()
        var asked: [Duration] = []
        while bench.now < .seconds(60) {
            bench.pass(.milliseconds(10))
            let isAsked = bench.questions.contains { $0.kind == .readiness }
            guard isAsked else { continue }
            // Slow to answer, but that is not to delay the next question.
            asked.append(bench.now)
            bench.pass(.milliseconds(300))
            bench.answer(.readiness)
        }
        let gaps = zip(asked, asked.dropFirst()).map { $1 - $0 }
        #expect(gaps.count > 50)
        #expect(gaps.allSatisfy { (.milliseconds(890) ... .milliseconds(1110)).contains($0) })
        #expect(Set(gaps).count > 10)
    }

    @Test("is not asked any more when it has ended")
    func noQuestionsAfterTheEnd() {
        var bench = Bench.ready()
        bench.exited()
        #expect(bench.questions.isEmpty)
        #expect(bench.waits.count == 1)
    }

    @Test("with no startup question is alive at once, and ready at its first good readiness answer")
    func readinessOnly() {
        var plan = ProcessPlan.probed
        plan.probes.startup = nil
        plan.probes.liveness = nil
        var bench = Bench.started(plan)
        #expect(bench.state == .starting)
        bench.answer(.readiness, .connect("refused"))
        bench.pass(.seconds(30), answering: .readiness, .connect("refused"))
        #expect(bench.state == .starting)
        #expect(!bench.kinds.contains(.processUnready))
        bench.pass(.seconds(2), answering: .readiness)
        #expect(bench.state == .ready)
    }
}

@Suite("A process that somebody else runs")
struct ProcessMachineWatchTests {
    @Test("is only ever asked, and starting until its first good answer")
    func watched() {
        var bench = Bench(.attached)
        bench.tell(.begin)
        #expect(bench.state == .starting)
        bench.answer(.readiness)
        #expect(bench.state == .ready)
        bench.pass(.seconds(5), answering: .readiness, .connect("refused"))
        #expect(bench.state == .unready)
        bench.pass(.seconds(2), answering: .readiness)
        #expect(bench.state == .ready)
        #expect(bench.actions.isEmpty)
        #expect(bench.kinds == [.processReady, .processUnready, .processReady])
    }

    @Test("is taken for ready when nothing is to be asked of it")
    func unprobed() {
        var plan = ProcessPlan.attached
        plan.probes.readiness = nil
        var bench = Bench(plan)
        bench.tell(.begin)
        #expect(bench.state == .ready)
        #expect(bench.waits.isEmpty)
    }

    @Test("takes no orders but about its requests", arguments: ProcessOrder.allCases.filter { !$0.isAboutRequests })
    func orders(order: ProcessOrder) {
        var bench = Bench(.attached)
        bench.tell(.begin)
        let before = bench.machine
        bench.tell(.order(order))
        #expect(bench.machine == before)
    }

    @Test("is left alone once it has left the plan")
    func retired() {
        var bench = Bench(.attached)
        bench.tell(.begin)
        bench.tell(.retire("it has left the plan"))
        #expect(bench.state == .stopped)
        #expect(bench.questions.isEmpty)
        #expect(bench.actions.isEmpty)
    }

    @Test("becomes ours when the plan gives it a command, and somebody else's again without one")
    func changesHands() {
        var bench = Bench(.attached)
        bench.tell(.begin)
        bench.tell(.revised(.plain, blockedBy: []))
        bench.started()
        #expect(bench.actions == ["start 1"])
        bench.tell(.revised(.attached, blockedBy: []))
        bench.exited()
        #expect(bench.actions == ["start 1", "terminate 1"])
        bench.answer(.readiness)
        #expect(bench.state == .ready)
        #expect(bench.machine.report.identity == nil)
    }
}
