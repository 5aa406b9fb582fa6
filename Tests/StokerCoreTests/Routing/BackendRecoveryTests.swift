import StokerCore
import Testing

/// A recovery with a clock of its own.
struct Patient {
    var recovery = BackendRecovery()
    var now = Duration.zero
    /// Of the latest question or rest.
    var generation: UInt64 = 0
    var wait = Duration.zero

    @discardableResult
    mutating func tell(_ event: BackendRecovery.Event, jitter: Double = 0.5) -> [BackendRecovery.Effect] {
        let effects = recovery.handle(event, at: now, jitter: jitter)
        for case .ask(let after, let asked) in effects { (wait, generation) = (after, asked) }
        for case .rest(let time, let begun) in effects { (wait, generation) = (time, begun) }
        return effects
    }

    /// The next question is asked and answered.
    @discardableResult
    mutating func answer(_ isWell: Bool = true) -> [BackendRecovery.Effect] {
        now += wait
        return tell(isWell ? .answered(generation: generation) : .silent(generation: generation))
    }

    /// The rest is over.
    mutating func rest() {
        now += wait
        tell(.rested(generation: generation))
    }

    mutating func failAnswers(_ count: Int, othersServe: Bool = true) {
        for _ in 0..<count { tell(.failed(othersServe: othersServe)) }
    }
}

@Suite struct DeadBackendTests {
    @Test func `the first failure takes it out, the others of the same moment change nothing`() {
        var patient = Patient()
        #expect(patient.tell(.connectionFailed) == [.left, .ask(after: .milliseconds(100), generation: 1)])
        #expect(!patient.recovery.isWorking)
        #expect(patient.tell(.connectionFailed) == [])
    }

    @Test func `it is asked less and less often, every 2 s at last, and taken back at the first answer`() {
        var patient = Patient()
        patient.tell(.connectionFailed)
        var waits = [patient.wait]
        for _ in 0..<6 {
            patient.answer(false)
            waits.append(patient.wait)
        }
        #expect(waits == [100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
        #expect(patient.answer().first == .readmit)
        #expect(patient.recovery.isWorking)
    }

    @Test func `the answer to an older question means nothing`() {
        var patient = Patient()
        patient.tell(.connectionFailed)
        let old = patient.generation
        patient.answer()
        patient.tell(.connectionFailed)
        #expect(patient.tell(.answered(generation: old)) == [])
        #expect(patient.tell(.silent(generation: old)) == [])
        #expect(patient.recovery.state == .dead(misses: 0))
    }

    @Test func `when the control plane vouches for it, it is asked at once`() {
        var patient = Patient()
        #expect(patient.tell(.vouched(isNew: true, othersServe: false)) == [])
        patient.tell(.connectionFailed)
        let old = patient.generation
        #expect(
            patient.tell(.vouched(isNew: false, othersServe: true)) == [.ask(after: .zero, generation: old + 1)])
        #expect(patient.tell(.silent(generation: old)) == [])
    }

    @Test(arguments: [-1, 0, 0.5, 1, 2])
    func `jitter spreads the waits by a tenth at most`(jitter: Double) {
        var patient = Patient()
        patient.tell(.connectionFailed, jitter: jitter)
        #expect(patient.wait >= .milliseconds(89) && patient.wait <= .milliseconds(111))
    }
}

@Suite struct RelapseTests {
    /// One that came back and failed again within ten minutes, so often.
    private func relapsed(_ times: Int) -> Patient {
        var patient = Patient()
        patient.tell(.connectionFailed)
        patient.answer()
        for _ in 0..<times {
            patient.now += .seconds(1)
            patient.tell(.connectionFailed)
            if patient.recovery.relapses < times { while !patient.recovery.isWorking { patient.answer() } }
        }
        return patient
    }

    @Test(arguments: [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (12, 300)])
    func `after each relapse it has to be well for twice as long, five minutes at most`(times: Int, seconds: Int) {
        var patient = relapsed(times)
        #expect(patient.recovery.relapses == times)
        patient.answer()
        let since = patient.now
        #expect(patient.recovery.state == .proving(since: since))
        while !patient.recovery.isWorking { patient.answer() }
        #expect(patient.now - since == .seconds(seconds), "asked once a second")
    }

    @Test func `one miss and it begins anew`() {
        var patient = relapsed(1)
        for _ in 0..<4 { patient.answer() }
        patient.answer(false)
        #expect(patient.recovery.state == .dead(misses: 0))
        patient.answer()
        #expect(patient.recovery.state == .proving(since: patient.now))
    }

    @Test func `ten minutes in rotation and it is forgotten`() {
        var patient = relapsed(3)
        while !patient.recovery.isWorking { patient.answer() }
        patient.now += .seconds(600)
        patient.tell(.connectionFailed)
        #expect(patient.recovery.relapses == 0)
        #expect(patient.answer().first == .readmit)
    }

    @Test func `another process starts with nothing held against it`() {
        var patient = relapsed(3)
        patient.tell(.vouched(isNew: true, othersServe: true))
        #expect(patient.answer().first == .readmit)
    }

    @Test func `the same process whose probe recovered is asked at once, and has to prove itself all the same`() {
        var patient = relapsed(1)
        patient.answer()
        let since = patient.now
        patient.now += .milliseconds(300)
        patient.tell(.vouched(isNew: false, othersServe: true))
        #expect(patient.wait == .zero)
        patient.answer()
        #expect(patient.recovery.state == .proving(since: since))
    }

    @Test func `a connection that fails while it proves itself is a miss`() {
        var patient = relapsed(1)
        patient.answer()
        #expect(patient.tell(.connectionFailed) == [.ask(after: .milliseconds(100), generation: patient.generation)])
        #expect(patient.recovery.state == .dead(misses: 0))
    }
}

@Suite struct EjectionTests {
    @Test func `five useless answers in a row eject it for ten seconds, then one request decides`() {
        var patient = Patient()
        patient.failAnswers(4)
        #expect(patient.recovery.isWorking)
        let effects = patient.tell(.failed(othersServe: true))
        #expect(effects == [.left, .rest(for: .seconds(10), generation: patient.generation)])
        patient.rest()
        #expect(patient.recovery.state == .onTrial)
        #expect(patient.tell(.succeeded).first == .readmit)
    }

    @Test func `a good answer in between begins the count anew`() {
        var patient = Patient()
        for _ in 0..<10 {
            patient.failAnswers(4)
            patient.tell(.succeeded)
        }
        #expect(patient.recovery.isWorking && patient.recovery.streak == 0)
    }

    @Test func `each ejection is twice as long, up to five minutes`() {
        var patient = Patient()
        patient.failAnswers(5)
        var waits = [patient.wait]
        for _ in 0..<6 {
            patient.rest()
            patient.failAnswers(1)
            waits.append(patient.wait)
        }
        #expect(waits == [10, 20, 40, 80, 160, 300, 300].map { .seconds($0) })
    }

    @Test func `one that came back and fails again within ten minutes is out for longer, later it is not`() {
        var patient = Patient()
        patient.failAnswers(5)
        patient.rest()
        patient.tell(.succeeded)
        patient.now += .seconds(599)
        patient.failAnswers(5)
        #expect(patient.wait == .seconds(20))
        patient.rest()
        patient.tell(.succeeded)
        patient.now += .seconds(600)
        patient.failAnswers(5)
        #expect(patient.wait == .seconds(10))
    }

    @Test func `the last one is kept, and goes as soon as another serves`() {
        var patient = Patient()
        patient.failAnswers(4, othersServe: false)
        #expect(patient.tell(.failed(othersServe: false)) == [.spared])
        #expect(patient.tell(.failed(othersServe: false)) == [.spared])
        #expect(patient.recovery.isWorking)
        #expect(patient.tell(.failed(othersServe: true)).first == .left)
    }

    @Test func `answers to older requests mean nothing to one that is ejected`() {
        var patient = Patient()
        patient.failAnswers(5)
        #expect(patient.tell(.failed(othersServe: true)) == [])
        #expect(patient.tell(.succeeded) == [])
        #expect(patient.recovery.state == .ejected)
    }

    @Test func `one whose connections fail is dead, whatever it was before`() {
        var patient = Patient()
        patient.failAnswers(5)
        patient.tell(.connectionFailed)
        #expect(patient.recovery.state == .dead(misses: 0))
        patient.now += .seconds(10)
        #expect(patient.tell(.rested(generation: 1)) == [])
        #expect(patient.answer().first == .readmit)
    }

    @Test func `another process is not ejected for what the old one answered`() {
        var patient = Patient()
        patient.failAnswers(5)
        #expect(patient.tell(.vouched(isNew: false, othersServe: true)) == [])
        #expect(patient.tell(.vouched(isNew: true, othersServe: true)).first == .readmit)
        #expect(patient.recovery.ejections == 0)
    }
}

@Suite struct WarmUpTests {
    @Test func `one that comes back begins with a tenth, and has all of it after 2000 tokens`() {
        var patient = Patient()
        #expect(patient.recovery.warmUp.share == Balancer.fullShare)
        patient.tell(.connectionFailed)
        patient.answer()
        #expect(patient.recovery.warmUp.share == WarmUp.floor)
        patient.tell(.delivered(tokens: 1000))
        #expect(abs(patient.recovery.warmUp.share - (WarmUp.floor + Balancer.fullShare) / 2) <= 1)
        patient.tell(.delivered(tokens: 999))
        #expect(patient.recovery.warmUp.share < Balancer.fullShare)
        patient.tell(.delivered(tokens: 1))
        #expect(patient.recovery.warmUp.isOver && patient.recovery.warmUp.share == Balancer.fullShare)
    }

    @Test func `after a minute it is warm in any case, counted from the latest return`() {
        var patient = Patient()
        patient.tell(.connectionFailed)
        #expect(patient.answer() == [.readmit, .warm(for: .seconds(60), generation: 1)])
        patient.tell(.connectionFailed)
        while !patient.recovery.isWorking { patient.answer() }
        patient.tell(.warmed(generation: 1))
        #expect(!patient.recovery.warmUp.isOver)
        patient.tell(.warmed(generation: 2))
        #expect(patient.recovery.warmUp.isOver)
    }

    @Test func `a process that is new warms up only where others serve meanwhile`() {
        var patient = Patient()
        #expect(patient.tell(.vouched(isNew: true, othersServe: false)) == [])
        #expect(patient.tell(.vouched(isNew: false, othersServe: true)) == [])
        #expect(patient.tell(.vouched(isNew: true, othersServe: true)) == [.warm(for: .seconds(60), generation: 1)])
    }

    @Test(arguments: [Int.min, -1, 0, 1, 1999, 2000, Int.max])
    func `no report of tokens breaks the share`(tokens: Int) {
        var patient = Patient()
        patient.tell(.vouched(isNew: true, othersServe: true))
        for _ in 0..<3 {
            patient.tell(.delivered(tokens: tokens))
            #expect((WarmUp.floor...Balancer.fullShare).contains(patient.recovery.warmUp.share))
        }
    }
}

@Suite struct RecoveryWordsTests {
    @Test func `each state says what is wrong, and what has to happen`() {
        var patient = Patient()
        #expect(patient.recovery.trouble(after: nil) == nil)
        patient.tell(.connectionFailed)
        #expect(patient.recovery.trouble(after: "no connection (refused)") == "no connection (refused)")
        patient.answer()
        patient.tell(.connectionFailed)
        patient.answer()
        #expect(
            patient.recovery.trouble(after: "no connection (refused)")
                == "it answers again, but must do so for 5s: it did not last before (no connection (refused))")
        var other = Patient()
        other.failAnswers(5)
        #expect(
            other.recovery.trouble(after: "it answered 500") == "ejected after 5 bad answers in a row (it answered 500)"
        )
        other.rest()
        #expect(
            other.recovery.trouble(after: "it answered 500")
                == "on trial after 5 bad answers in a row (it answered 500)")
    }

    @Test func `one that is spared says so while it fails`() {
        var patient = Patient()
        patient.failAnswers(5, othersServe: false)
        #expect(patient.recovery.isSpared)
        patient.tell(.succeeded)
        #expect(!patient.recovery.isSpared)
    }

    @Test func `the proof has how often, and how long it takes`() {
        var patient = Patient()
        #expect(patient.recovery.proof == [])
        patient.tell(.connectionFailed)
        #expect(patient.recovery.proof == ["state: dead"])
        patient.answer()
        #expect(patient.recovery.proof == ["share: 9 %"])
        patient.tell(.connectionFailed)
        #expect(patient.recovery.proof == ["state: dead", "relapses: 1", "has to answer for: 5s"])
        var other = Patient()
        other.failAnswers(5)
        #expect(
            other.recovery.proof == [
                "state: ejected", "bad answers in a row: 5", "ejections: 1", "left alone for: 10s",
            ])
    }
}
