import ShimProtocol
import StokerCore
import StokerSupervisor
import Testing

@Suite struct ShimSessionTests {
    private typealias Effect = ShimSession.Effect

    private let order = StartOrder(
        generation: 1, command: ["/bin/engine"], log: LogOrder(path: "/log", maximumBytes: 1))
    private let child = ChildState(generation: 1, pid: 100, startTime: 7)
    private let identity = ProcessIdentity(pid: 100, startTime: 7, bootID: "boot")
    private let exit = ChildExit(generation: 1, status: .code(0))
    private var drain: DrainOrder { DrainOrder(pid: 100, startTime: 7, log: order.log) }

    /// A session after these inputs, and what the last of them brought about.
    private func after(_ inputs: ShimSession.Input...) -> (session: ShimSession, effects: [Effect]) {
        var session = ShimSession(bootID: "boot")
        var effects: [Effect] = []
        for input in inputs { effects = session.handle(input) }
        return (session, effects)
    }

    private var second: StartOrder {
        var order = order
        order.generation = 2
        return order
    }

    // MARK: The usual life

    @Test("the first start needs a shim, the next one does not")
    func starts() {
        #expect(after(.start(order)).effects == [.launch, .send(.start(order))])
        let restart = after(.start(order), .report(.started(child)), .report(.exited(exit)), .start(second))
        #expect(restart.effects == [.send(.start(second))])
    }

    @Test("a start while one runs is refused by name")
    func doubleStart() {
        #expect(
            after(.start(order), .start(second)).effects
                == [.emit(generation: 2, .startFailed("generation 1 still runs"))])
    }

    @Test("what the shim reports is told once, with identity")
    func reports() {
        #expect(after(.start(order), .report(.started(child))).effects == [.emit(generation: 1, .started(identity))])
        #expect(after(.start(order), .report(.started(child)), .report(.started(child))).effects == [])
        let (session, effects) = after(.start(order), .report(.started(child)), .report(.exited(exit)))
        #expect(session.run == nil)
        #expect(effects == [.emitExit(exit, ShimSession.Run(order: order, identity: identity))])
    }

    @Test("a failed start is told with the order that failed")
    func startFails() {
        let failure = StartFailure(step: .program, error: 2)
        let (session, effects) = after(.start(order), .report(.startFailed(generation: 1, failure: failure)))
        #expect(effects == [.emitStartFailed(order, failure)])
        #expect(session.run == nil)
    }

    @Test("orders reach the shim only for the generation that runs")
    func staleOrders() {
        #expect(after(.start(order), .terminate(generation: 1)).effects == [.send(.terminate(generation: 1))])
        #expect(after(.start(order), .kill(generation: 1)).effects == [.send(.kill(generation: 1))])
        #expect(after(.start(order), .terminate(generation: 2)).effects == [])
        #expect(after(.start(order), .kill(generation: 0)).effects == [])
        #expect(after(.terminate(generation: 1)).effects == [])
    }

    @Test("reports of another generation are ignored")
    func staleReports() {
        let stale = ChildExit(generation: 9, status: .code(1))
        #expect(after(.start(order), .report(.exited(stale))).effects == [])
        #expect(after(.report(.exited(exit))).effects == [])
        let started = ChildState(generation: 9, pid: 1, startTime: 1)
        #expect(after(.start(order), .report(.started(started))).effects == [])
        let failure = ShimReport.startFailed(generation: 9, failure: StartFailure(step: .busy, error: 16))
        #expect(after(.start(order), .report(failure)).effects == [])
    }

    @Test("an ordered kill is remembered until the end, where it tells an OOM kill apart")
    func killIsRemembered() throws {
        let (_, effects) = after(
            .start(order), .report(.started(child)), .kill(generation: 1), .report(.exited(exit)))
        guard case .emitExit(_, let run)? = effects.first else {
            Issue.record("no exit")
            return
        }
        #expect(run.isKillOrdered)
    }

    @Test("lost output is told with the file and the reason")
    func logDropped() {
        #expect(
            after(.start(order), .report(.logDropped(bytes: 5, error: 28))).effects
                == [.emit(generation: 1, .logDropped(bytes: 5, reason: "/log: No space left on device"))])
    }

    @Test("the shim's state is no news to the host that launched it")
    func state() {
        #expect(after(.start(order), .report(.state(ShimState(shim: 1)))).effects == [])
    }

    // MARK: Leaving

    @Test("a process that leaves the plan takes its shim along, when it has ended")
    func forgotten() {
        #expect(
            after(.start(order), .report(.started(child)), .report(.exited(exit)), .forget).effects == [.send(.quit)])
        #expect(after(.start(order), .report(.started(child)), .forget).effects == [])
        let late = after(.start(order), .report(.started(child)), .forget, .report(.exited(exit))).effects
        #expect(late.last == .send(.quit))
        #expect(after(.forget).effects == [.remove])
    }

    @Test("a process that comes back while its shim leaves gets a new shim when the path is free")
    func comesBack() {
        let (session, effects) = after(.start(order), .report(.exited(exit)), .forget, .start(second))
        #expect(effects == [])
        #expect(session.shim == .leaving)
        let next = after(
            .start(order), .report(.exited(exit)), .forget, .start(second),
            .shimEnded(reason: "left", survivor: nil))
        #expect(next.effects == [.launch, .send(.start(second))])
        #expect(next.session.shim == .present)
    }

    @Test("a start that waits for that can be called off", arguments: [true, false])
    func calledOff(byKill: Bool) {
        let callOff: ShimSession.Input = byKill ? .kill(generation: 2) : .terminate(generation: 2)
        let (session, effects) = after(.start(order), .report(.exited(exit)), .forget, .start(second), callOff)
        #expect(effects == [.emit(generation: 2, .startFailed("stopped before it was started"))])
        #expect(session.run == nil)
    }

    @Test("an idle shim that ends is no event")
    func idleShimEnds() {
        let (session, effects) = after(
            .start(order), .report(.exited(exit)), .shimEnded(reason: "died", survivor: nil))
        #expect(effects == [])
        #expect(session.shim == .absent)
        #expect(
            after(
                .start(order), .report(.exited(exit)), .shimEnded(reason: "died", survivor: nil), .start(second)
            ).effects == [.launch, .send(.start(second))])
    }

    // MARK: Granted restarts

    @Test(
        "a grant goes to the shim for the generation that follows the one that runs, and only while it can see the end")
    func grants() {
        #expect(after(.start(order), .report(.started(child)), .grant(second)).effects == [.send(.grant(second))])
        #expect(after(.start(order), .grant(order)).effects == [])
        #expect(after(.grant(second)).effects == [])
        let orphaned = after(
            .start(order), .report(.started(child)), .shimEnded(reason: "died", survivor: identity), .grant(second))
        #expect(orphaned.effects == [])
    }

    @Test("a grant is taken back at the shim, if there is one")
    func revokes() {
        #expect(after(.start(order), .grant(second), .revoke).effects == [.send(.revoke)])
        #expect(after(.start(order), .revoke).effects == [])
    }

    @Test("a successor takes the place of the run that has ended, even if its grant was revoked meanwhile")
    func succeeds() {
        let run = ShimSession.Run(order: order, identity: identity)
        for crossing in [nil, .revoke, .terminate(generation: 1)] as [ShimSession.Input?] {
            var session = after(.start(order), .report(.started(child)), .grant(second)).session
            if let crossing { _ = session.handle(crossing) }
            #expect(session.handle(.report(.succeeded(exit))) == [.emitSuccession(exit, run)])
            #expect(session.run == ShimSession.Run(order: second))
            let next = ChildState(generation: 2, pid: 101, startTime: 8)
            let started = ProcessIdentity(pid: 101, startTime: 8, bootID: "boot")
            #expect(session.handle(.report(.started(next))) == [.emit(generation: 2, .started(started))])
            #expect(session.handle(.report(.succeeded(exit))) == [])
        }
    }

    @Test("a succession that was never granted, or to one that has ended, is no news")
    func ungranted() {
        #expect(after(.start(order), .report(.succeeded(exit))).effects == [])
        #expect(after(.start(order), .grant(second), .report(.exited(exit)), .report(.succeeded(exit))).effects == [])
    }

    // MARK: Lost shims

    @Test("a shim that cannot be launched is a failed start")
    func launchFails() {
        let (session, effects) = after(.start(order), .launchFailed("no shim"))
        #expect(effects == [.emit(generation: 1, .startFailed("no shim"))])
        #expect(session.run == nil)
        #expect(session.shim == .absent)
    }

    @Test("when a shim dies its child lives on, is watched, and a new shim keeps its output")
    func shimLost() {
        let (session, effects) = after(
            .start(order), .report(.started(child)), .shimEnded(reason: "died", survivor: identity))
        #expect(
            effects == [
                .emit(generation: 1, .shimLost("died")), .watchOrphan(identity), .launch, .send(.drain(drain)),
            ])
        #expect(session.run?.orphanedBecause == "died")
    }

    @Test("when shim and child die together the exit status is unknown")
    func bothDie() {
        let (_, effects) = after(.start(order), .report(.started(child)), .shimEnded(reason: "died", survivor: nil))
        #expect(
            effects == [.emit(generation: 1, .exited(.unknown, evidence: ["died"], outOfMemory: nil))])
    }

    @Test("a shim that dies before it could say anything is a failed start, unless the child is found")
    func diesEarly() {
        #expect(
            after(.start(order), .shimEnded(reason: "died", survivor: nil)).effects
                == [.emit(generation: 1, .startFailed("died"))])
        let found = after(.start(order), .shimEnded(reason: "died", survivor: identity)).effects
        #expect(found.prefix(2) == [.emit(generation: 1, .started(identity)), .emit(generation: 1, .shimLost("died"))])
    }

    @Test("orders to an orphan become signals to exactly that process")
    func orphanOrders() {
        let lost: [ShimSession.Input] = [
            .start(order), .report(.started(child)), .shimEnded(reason: "died", survivor: identity),
        ]
        var session = ShimSession(bootID: "boot")
        for input in lost { _ = session.handle(input) }
        #expect(session.handle(.terminate(generation: 1)) == [.terminateOrphan(identity)])
        #expect(session.handle(.kill(generation: 1)) == [.killOrphan(identity)])
    }

    @Test("the end of an orphan is told as unknown, what it leaves is cleared, and the next start needs no new shim")
    func orphanEnds() {
        var (session, effects) = after(
            .start(order), .report(.started(child)), .shimEnded(reason: "died", survivor: identity), .orphanEnded)
        #expect(
            effects == [
                .clearSession(of: identity),
                .emit(generation: 1, .exited(.unknown, evidence: ["died"], outOfMemory: nil)),
            ])
        #expect(session.handle(.start(second)) == [.send(.start(second))])
    }

    @Test("a draining shim that dies is replaced, but not for ever")
    func drainingShimDies() {
        var (session, _) = after(
            .start(order), .report(.started(child)), .shimEnded(reason: "died", survivor: identity))
        let again = ShimSession.Input.shimEnded(reason: "again", survivor: identity)
        #expect(session.handle(again) == [.launch, .send(.drain(drain))])
        #expect(session.handle(again) == [.launch, .send(.drain(drain))])
        #expect(session.handle(again) == [])
        #expect(session.handle(.orphanEnded).count == 2, "its end is told all the same")
        #expect(session.handle(.start(second)) == [.launch, .send(.start(second))])
    }

    @Test("an orphan whose drain cannot be launched is watched on")
    func drainCannotLaunch() {
        var (session, _) = after(
            .start(order), .report(.started(child)), .shimEnded(reason: "died", survivor: identity))
        #expect(session.handle(.launchFailed("no shim")) == [])
        #expect(session.run != nil)
    }

    @Test("the end of an orphan that is none changes nothing")
    func noOrphan() {
        #expect(after(.start(order), .report(.started(child)), .orphanEnded).effects == [])
    }
}
