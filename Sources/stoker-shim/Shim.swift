import CLinux
import Glibc
import ShimProtocol

/// One process after the other, and all that the shim knows of it.
struct Shim {
    private enum Child {
        case none
        case running(ChildState, killOrdered: Bool)
        /// The main process has ended; what descends from it is being ended. `killAt`: when SIGTERM gives way to
        /// SIGKILL; nil: it has, and whatever turns up is killed too.
        case clearing(ChildState, ChildExit, killAt: UInt64?)
    }

    private let setup: Setup
    private let signals: Int32
    private let bootID: String
    private let spawner: Spawner
    private var control: ControlSocket
    private var output: Output
    private var child = Child.none
    private var lastExit: ChildExit?
    /// What may be started without asking when the child ends by itself.
    private var successor: StartOrder?
    /// The pidfd of a process whose own shim died and whose output is kept here; -1 when there is none.
    private var drained: Int32 = -1
    private var lonelySince: UInt64
    private var mayReportDropAt: UInt64 = 0
    private var isLeaving = false
    // poll, not epoll: five descriptors need no state in the kernel that could differ from ours.
    private var polls = [pollfd](repeating: pollfd(fd: -1, events: Int16(POLLIN), revents: 0), count: 5)

    init?(_ setup: Setup) {
        signals = clinux_signal_descriptor()
        guard signals >= 0, clinux_set_child_subreaper() == 0, let output = Output(),
            let spawner = Spawner(inherited: setup.inherited)
        else { return nil }
        self.setup = setup
        self.spawner = spawner
        self.output = output
        bootID = TextFile.read("/proc/sys/kernel/random/boot_id", most: 64) ?? "\n"
        control = ControlSocket(listener: setup.listener)
        lonelySince = monotonicMilliseconds()
    }

    mutating func run() {
        while !isDone {
            arm()
            _ = poll(&polls, nfds_t(polls.count), timeout())
            let now = monotonicMilliseconds()
            if polls[0].revents != 0 { takeSignals(now) }
            if polls[1].revents != 0, control.accept() { greet() }
            if polls[2].revents != 0 { converse(now) }
            if polls[3].revents != 0 { output.drain(now: now) }
            if polls[4].revents != 0 { endDraining(now) }
            keepTime(now)
        }
        unlink(setup.socketPath)
    }

    private var isDone: Bool {
        guard case .none = child, drained < 0 else { return false }
        return isLeaving
    }

    private var state: ShimState {
        switch child {
        case .none: ShimState(shim: getpid(), lastExit: lastExit)
        case .running(let run, _), .clearing(let run, _, _): ShimState(shim: getpid(), running: run, lastExit: lastExit)
        }
    }

    /// Of the child that runs, or whose descendants are being ended.
    private var generation: UInt64? {
        switch child {
        case .none: nil
        case .running(let run, _), .clearing(let run, _, _): run.generation
        }
    }

    private mutating func arm() {
        polls[0].fd = signals
        polls[1].fd = setup.listener
        polls[2].fd = control.peer
        polls[2].events = Int16(control.hasUnsent ? POLLIN | POLLOUT : POLLIN)
        polls[3].fd = output.source
        polls[4].fd = drained
        for index in polls.indices { polls[index].revents = 0 }
    }

    // MARK: Time

    /// Milliseconds until something is due, -1 for never.
    private func timeout() -> Int32 {
        let now = monotonicMilliseconds()
        var due = UInt64.max
        if case .clearing(_, _, let killAt?) = child { due = min(due, killAt) }
        if isLonely { due = min(due, lonelySince + ShimProtocol.lonelyMilliseconds) }
        if output.dropped > 0, control.isConnected { due = min(due, mayReportDropAt) }
        guard due != .max else { return -1 }
        return due <= now ? 0 : Int32(clamping: due - now)
    }

    private var isLonely: Bool {
        guard case .none = child else { return false }
        return !control.isConnected && drained < 0
    }

    private mutating func keepTime(_ now: UInt64) {
        if case .clearing(let run, let exit, let killAt?) = child, now >= killAt {
            child = .clearing(run, exit, killAt: nil)
            clear(now)
        }
        if !isLonely {
            lonelySince = now
        } else if now >= lonelySince + ShimProtocol.lonelyMilliseconds {
            isLeaving = true
        }
        if output.dropped > 0, control.isConnected, now >= mayReportDropAt {
            control.send(.logDropped(bytes: output.dropped, error: output.droppedError))
            output.forgetDropped()
            mayReportDropAt = now + ShimProtocol.dropReportMilliseconds
        }
    }

    // MARK: Orders

    /// What another control plane has granted does not bind this one.
    private mutating func greet() {
        successor = nil
        control.send(.state(state))
    }

    private mutating func converse(_ now: UInt64) {
        control.flush()
        while let order = control.receive() {
            switch order {
            case .start(let order): start(order)
            case .terminate(let generation): terminate(generation)
            case .kill(let generation): kill(generation)
            case .drain(let order): drain(order)
            case .report: control.send(.state(state))
            case .grant(let order): grant(order)
            case .revoke: successor = nil
            case .quit:
                successor = nil
                isLeaving = true
            }
        }
        // To quit is no lasting wish: a child that runs is not to lose its shim at its end, when nobody asks any more.
        if case .none = child {} else { isLeaving = false }
        lonelySince = now
    }

    private mutating func start(_ order: StartOrder) {
        guard case .none = child else {
            let failure = StartFailure(step: .busy, error: EBUSY)
            return control.send(.startFailed(generation: order.generation, failure: failure))
        }
        stopDraining()
        let report = launch(order)
        if case .started = report { lastExit = nil }
        control.send(report)
    }

    /// Starts a child where there is none; returns what is to be told of it.
    private mutating func launch(_ order: StartOrder) -> ShimReport {
        output.keep(in: order.log)
        do throws(StartFailure) {
            let run = try spawner.start(order, output: output)
            child = .running(run, killOrdered: false)
            // Written before it is told: whoever knows of the child finds the record.
            _ = TextFile.write(
                "\(run.pid) \(run.startTime) \(bootID)", to: setup.identityPath, flags: O_WRONLY | O_CREAT | O_TRUNC)
            return .started(run)
        } catch {
            return .startFailed(generation: order.generation, failure: error)
        }
    }

    private mutating func grant(_ order: StartOrder) {
        guard case .running(let run, killOrdered: false) = child, run.generation &+ 1 == order.generation else {
            return
        }
        successor = order
    }

    private mutating func terminate(_ generation: UInt64) {
        guard generation == self.generation else { return }
        // One that ends by order has no successor, whenever the end comes.
        successor = nil
        guard case .running(let run, _) = child else { return }
        // The main process is not reaped, so its number is still the number of its group and nobody else's.
        Glibc.kill(-run.pid, SIGTERM)
        // A stopped process would not hear it.
        Glibc.kill(-run.pid, SIGCONT)
    }

    private mutating func kill(_ generation: UInt64) {
        if generation == self.generation { successor = nil }
        switch child {
        case .running(let run, _) where run.generation == generation:
            child = .running(run, killOrdered: true)
            Glibc.kill(-run.pid, SIGKILL)
            _ = Descendants.signal(SIGKILL)
        case .clearing(let run, let exit, _) where run.generation == generation:
            child = .clearing(run, exit, killAt: nil)
            _ = Descendants.signal(SIGKILL)
        default: break
        }
    }

    // MARK: Ends

    private mutating func takeSignals(_ now: UInt64) {
        while case let signal = clinux_read_signal(signals), signal != 0 {
            if signal == SIGTERM { leave() }
        }
        reap(now)
    }

    /// Somebody ends the shim by hand, or the machine goes down: its child first, in good order.
    private mutating func leave() {
        successor = nil
        isLeaving = true
        if case .running(let run, _) = child { terminate(run.generation) }
    }

    private mutating func reap(_ now: UInt64) {
        var status: Int32 = 0
        var usage = rusage()
        while true {
            // __WALL: an orphan may have been cloned with another signal than SIGCHLD.
            let pid = wait4(-1, &status, WNOHANG | Int32(bitPattern: 0x4000_0000), &usage)
            if pid > 0 {
                ended(pid, status, usage, now)
            } else if pid == 0 {
                return clear(now)
            } else if errno != EINTR {
                return finish(now)
            }
        }
    }

    private mutating func ended(_ pid: Int32, _ status: Int32, _ usage: rusage, _ now: UInt64) {
        guard case .running(let run, let killOrdered) = child, run.pid == pid else { return }
        let exit = ChildExit(
            generation: run.generation, status: ChildStatus(waitStatus: status),
            peakResidentBytes: UInt64(clamping: usage.ru_maxrss) << 10)
        child = .clearing(run, exit, killAt: killOrdered ? nil : now + ShimProtocol.leftoverMilliseconds)
        if !killOrdered { noteLeftovers(Descendants.signal(SIGTERM)) }
    }

    /// Children are left: once SIGTERM has had its time, each of them is killed, and so is what turns up below them.
    private mutating func clear(_ now: UInt64) {
        guard case .clearing(_, _, nil) = child else { return }
        // A kernel that does not list children: nothing more can be done for those that remain.
        if let count = Descendants.signal(SIGKILL) { noteLeftovers(count) } else { finish(now) }
    }

    private mutating func noteLeftovers(_ count: Int?) {
        guard case .clearing(let run, var exit, let killAt) = child else { return }
        exit.leftovers = max(exit.leftovers, UInt32(clamping: count ?? 0))
        child = .clearing(run, exit, killAt: killAt)
    }

    /// Nothing is left. What it has said last goes into the log before its end is told.
    private mutating func finish(_ now: UInt64) {
        guard case .clearing(_, let exit, _) = child else { return }
        output.drain(now: now, budget: 4 << 20)
        child = .none
        lastExit = exit
        lonelySince = now
        let start = takeSuccessor().map { launch($0) }
        if case .none = child { unlink(setup.identityPath) }
        // Told only now: what is told first would take time from the start.
        guard let start else { return control.send(.exited(exit)) }
        control.send(.succeeded(exit))
        control.send(start)
    }

    /// A grant is good for one start.
    private mutating func takeSuccessor() -> StartOrder? {
        defer { successor = nil }
        return successor
    }

    // MARK: Output of a process whose shim died

    private mutating func drain(_ order: DrainOrder) {
        guard case .none = child else { return }
        stopDraining()
        // The pidfd first: what the start time then says is said of the process behind it.
        let pidfd = clinux_pidfd_open(order.pid)
        guard pidfd >= 0 else { return }
        guard StartTime.of(order.pid) == order.startTime, output.adopt(pid: order.pid) else {
            close(pidfd)
            return
        }
        output.keep(in: order.log)
        drained = pidfd
    }

    private mutating func endDraining(_ now: UInt64) {
        guard drained >= 0 else { return }
        output.drain(now: now, budget: 4 << 20)
        stopDraining()
    }

    private mutating func stopDraining() {
        guard drained >= 0 else { return }
        output.leaveAdopted()
        close(drained)
        drained = -1
    }
}

extension ChildStatus {
    init(waitStatus status: Int32) {
        let signal = clinux_wait_status_signal(status)
        self =
            signal == 0
            ? .code(clinux_wait_status_code(status))
            : .signal(signal, dumpedCore: clinux_wait_status_dumped_core(status) != 0)
    }
}
