import StokerCore
import Testing

@Suite("The end of a process in words")
struct ProcessExitTests {
    @Test(
        "names codes, signals and what the kernel leaves unsaid",
        arguments: [
            (ProcessExit(.code(0)), "exited with code 0"),
            (ProcessExit(.code(3)), "exited with code 3"),
            (ProcessExit(.code(127)), "exited with code 127 (of a shell: command not found)"),
            (ProcessExit(.code(126)), "exited with code 126 (of a shell: found but not executable)"),
            (ProcessExit(.code(137)), "exited with code 137 (of a shell: its child was killed by SIGKILL)"),
            (ProcessExit(.signal(11, dumpedCore: true)), "killed by SIGSEGV (core dumped)"),
            (ProcessExit(.signal(15, dumpedCore: false)), "killed by SIGTERM"),
            (ProcessExit(.signal(9, dumpedCore: false)), "killed by SIGKILL"),
            (ProcessExit(.signal(36, dumpedCore: false)), "killed by SIGRTMIN+2"),
            (ProcessExit(.signal(99, dumpedCore: false)), "killed by signal 99"),
            (ProcessExit(.unknown), "ended, nobody saw how"),
        ])
    func words(exit: ProcessExit, text: String) {
        #expect(exit.text == text)
    }

    @Test("accuses the OOM killer only with its trace")
    func outOfMemory() {
        let killed = ExitStatus.signal(9, dumpedCore: false)
        #expect(
            ProcessExit(killed, evidence: ["peak 64GiB", "oom_kill counter rose by 1", "x"], outOfMemory: true).text
                == "killed by SIGKILL, probably the kernel's OOM killer: oom_kill counter rose by 1")
        #expect(ProcessExit(killed, outOfMemory: true).text == "killed by SIGKILL, probably the kernel's OOM killer")
        #expect(ProcessExit(killed, outOfMemory: false).text == "killed by SIGKILL, not by the kernel's OOM killer")
        #expect(ProcessExit(.code(1), outOfMemory: false).text == "exited with code 1")
    }
}

@Suite("The counter of a probe's answers")
struct ProbeCounterTests {
    /// + and - are answers, ! marks those that turn the opinion.
    @Test(
        "turns only after enough equal answers in a row",
        arguments: [
            (1, 2, "+!"), (1, 2, "--!"), (1, 2, "-+!--!+!"), (2, 3, "+-+-+-+-"), (2, 3, "++!--+---!"), (0, 0, "+!-!"),
            (1, 1, "+!+++"), (1, 2, "+!-+-+-+--!--"),
        ])
    func turns(success: Int, failure: Int, script: String) {
        var counter = ProbeCounter()
        var replay = ""
        for answer in script where answer != "!" {
            let turned = counter.note(passed: answer == "+", successThreshold: success, failureThreshold: failure)
            replay += turned ? "\(answer)!" : "\(answer)"
        }
        #expect(replay == script)
    }
}

@Suite("The restart budget")
struct RestartBudgetTests {
    let policy = RestartPolicy(initialDelay: .milliseconds(50), maxDelay: .seconds(30))

    @Test(
        "bounds its delays by doubling, without overflow however long it goes on",
        arguments: [
            (1, 50), (2, 100), (3, 200), (9, 12_800), (10, 25_600), (11, 30_000), (64, 30_000), (Int.max, 30_000),
            (-5, 50),
        ] as [(Int, Int64)])
    func bounds(attempt: Int, milliseconds: Int64) {
        #expect(RestartBudget.bound(attempt, policy) == .milliseconds(milliseconds))
    }

    @Test("spreads its delays over the whole range, so that what died together does not start together")
    func jitter() {
        var delays: [Duration] = []
        for seed in 0..<200 as Range<UInt64> {
            var (budget, random) = (RestartBudget(), SeededGenerator(seed: seed))
            for _ in 1...6 {
                delays += [budget.decide(at: .zero, stableFor: nil, policy: policy, random: &random).delay]
            }
        }
        let fifth = stride(from: 5, to: delays.count, by: 6).map { delays[$0] }
        #expect(fifth.allSatisfy { $0 < .milliseconds(800) })
        #expect(fifth.contains { $0 < .milliseconds(80) } && fifth.contains { $0 > .milliseconds(720) })
    }

    @Test("counts only the starts within its window")
    func window() {
        var policy = policy
        policy.giveUpStarts = 2
        policy.giveUpWithin = .seconds(10)
        var (budget, random) = (RestartBudget(), SeededGenerator(seed: 1))
        budget.noteStart(at: .zero, policy: policy)
        budget.noteStart(at: .seconds(5), policy: policy)
        var later = budget
        #expect(budget.decide(at: .seconds(9), stableFor: nil, policy: policy, random: &random) == .giveUp)
        #expect(later.decide(at: .seconds(10), stableFor: nil, policy: policy, random: &random) != .giveUp)
    }

    @Test("foresees an immediate restart exactly when an end would lead to one", arguments: 0..<50 as Range<UInt64>)
    func foresight(seed: UInt64) {
        var policy = policy
        policy.stableAfter = .seconds(60)
        policy.giveUpStarts = 4
        policy.giveUpWithin = .seconds(200)
        var (budget, random, now) = (RestartBudget(), SeededGenerator(seed: seed), Duration.zero)
        for _ in 1...20 {
            budget.noteStart(at: now, policy: policy)
            let readySince = now
            now += random.duration(below: .seconds(120))
            let foreseen = budget.timeUntilImmediate(at: now, readySince: readySince, policy: policy)
            var (copy, other) = (budget, random)
            let end = now + (foreseen ?? .zero)
            let decision = copy.decide(at: end, stableFor: end - readySince, policy: policy, random: &other)
            #expect((decision == .restart(after: .zero)) == (foreseen != nil))
            _ = budget.decide(at: now, stableFor: now - readySince, policy: policy, random: &random)
        }
    }

    @Test("foresees no wait for the first restart, and the rest of a stable run for the next")
    func foreseenWait() {
        var (budget, random) = (RestartBudget(), SeededGenerator(seed: 1))
        budget.noteStart(at: .zero, policy: policy)
        #expect(budget.timeUntilImmediate(at: .seconds(1), readySince: .seconds(1), policy: policy) == .zero)
        _ = budget.decide(at: .seconds(1), stableFor: nil, policy: policy, random: &random)
        budget.noteStart(at: .seconds(1), policy: policy)
        #expect(budget.timeUntilImmediate(at: .seconds(3), readySince: .seconds(2), policy: policy) == .seconds(59))
        #expect(budget.timeUntilImmediate(at: .seconds(90), readySince: .seconds(2), policy: policy) == .zero)
    }
}

extension RestartBudget.Decision {
    fileprivate var delay: Duration {
        switch self {
        case .restart(let delay): delay
        case .giveUp: .seconds(-1)
        }
    }
}

@Suite("The start sequence")
struct StartSequenceTests {
    static func plan(_ name: String, after: [String: StartCondition] = [:], kind: ProcessKind = .other) -> ProcessPlan {
        ProcessPlan(name: name, kind: kind, command: ["/bin/true"], startAfter: after)
    }

    static let chain = StartSequence([
        plan("a"), plan("b", after: ["a": .started]), plan("c", after: ["b": .ready, "a": .ready]), plan("d"),
    ])

    static func progress(_ started: Bool, _ ready: Bool) -> StartSequence.Progress {
        StartSequence.Progress(isStarted: started, isReady: ready, isAlive: started)
    }

    @Test("holds a process up until all it starts after have come so far, and says what is missing")
    func blockers() {
        let c = Self.plan("c", after: ["b": .ready, "a": .started, "gone": .ready])
        let order = Self.chain
        #expect(
            order.blockers(of: c, progress: ["a": Self.progress(false, false), "b": Self.progress(true, false)])
                == ["a is not started", "b is not ready"])
        #expect(
            order.blockers(of: c, progress: ["a": Self.progress(true, false), "b": Self.progress(true, true)]) == [])
    }

    @Test("ends those first that nobody alive was started after")
    func reverse() {
        let order = Self.chain
        #expect(order.mayEnd(alive: ["a", "b", "c", "d"]) == ["c", "d"])
        #expect(order.mayEnd(alive: ["a", "b"]) == ["b"])
        #expect(order.mayEnd(alive: ["a"]) == ["a"])
        #expect(order.mayEnd(alive: []) == [])
    }

    @Test("ends the gateway before everything else, so that no request meets a backend that stops")
    func gatewayFirst() {
        let order = StartSequence([Self.plan("engine"), Self.plan("gateway", kind: .gateway)])
        #expect(order.mayEnd(alive: ["engine", "gateway"]) == ["gateway"])
        #expect(order.mayEnd(alive: ["engine"]) == ["engine"])
    }

    @Test("does not wait for ever in a circle")
    func circle() {
        let order = StartSequence([Self.plan("a", after: ["b": .ready]), Self.plan("b", after: ["a": .ready])])
        #expect(order.mayEnd(alive: ["a", "b"]) == ["a", "b"])
    }
}

@Suite("A duration as people say it")
struct SpokenDurationTests {
    @Test(
        "has two or three digits",
        arguments: [
            (0, "0 ms"), (12, "12 ms"), (999, "999 ms"), (1000, "1 s"), (1660, "1.6 s"), (59_900, "59.9 s"),
            (60_000, "1 min"), (200_000, "3 min 20 s"), (3_600_000, "1 h"), (7_500_000, "2 h 5 min"),
            (273_600_000, "3 d 4 h"), (-5, "0 ms"),
        ] as [(Int64, String)])
    func spoken(milliseconds: Int64, text: String) {
        #expect(Duration.milliseconds(milliseconds).spoken == text)
    }
}
