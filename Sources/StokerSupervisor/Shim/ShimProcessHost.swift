import Glibc
import ShimProtocol
package import StokerCore
package import StokerHost
import Synchronization

/// A descriptor of this process that a supervised one gets at each start: the gateway's listening socket.
package struct InheritedDescriptor: Sendable {
    /// Its number here; there it is 3, 4 …
    package let number: Int32
    /// Its name in LISTEN_FDNAMES.
    package let name: String

    /// A descriptor with that name.
    package init(number: Int32, name: String) {
        self.number = number
        self.name = name
    }
}

/// The process host of production: each process under a `stoker-shim` of its own.
///
/// Orders are sent at once from the caller's thread, without waiting; what shims say arrives on the thread of an
/// `EventPoll`. Both work on `links` under one lock, held for microseconds, or a millisecond when a shim is started.
package final class ShimProcessHost: ProcessHost {
    /// A session and what it takes to carry out its effects.
    private struct Link {
        var session = ShimSession(bootID: ProcessFacts.bootID)
        var shim: LaunchedShim?
        var watches: [EventPoll.Watch] = []
        /// Orders that the socket had no room for.
        var unsent: [[UInt8]] = []
        var isWaitingForRoom = false
        var orphanWatch: EventPoll.Watch?
        /// The OOM killer's count when the process started.
        var memory = OutOfMemory.Count(kills: nil, uptime: 0)
    }

    /// What happened to all processes; ends with `shutdown`.
    package let events: AsyncStream<HostEvent>
    private let report: AsyncStream<HostEvent>.Continuation
    private let launcher: ShimLauncher
    private let logPath: @Sendable (String) -> String
    private let inherit: [String: [InheritedDescriptor]]
    private let poll: EventPoll
    private let links = Mutex<[String: Link]>([:])

    /// - Parameters:
    ///   - runtimeDirectory: shims' sockets are in `shim` below it.
    ///   - logPath: where the output of a process is kept.
    ///   - shimProgram: path of `stoker-shim`.
    ///   - inherit: by the public name of the process.
    package init(
        runtimeDirectory: String, logPath: @escaping @Sendable (String) -> String, shimProgram: String,
        inherit: [String: [InheritedDescriptor]] = [:]
    ) throws(SystemError) {
        launcher = ShimLauncher(program: shimProgram, directory: runtimeDirectory + "/shim")
        self.logPath = logPath
        self.inherit = inherit
        poll = try EventPoll()
        (events, report) = AsyncStream.makeStream()
    }

    deinit { poll.close() }

    /// Starts the process, and a shim for it if there is none.
    package func start(_ process: ProcessPlan, generation: UInt64) {
        handle(.start(order(process, generation)), of: process.name)
    }

    /// Lets its shim start it again without asking, once.
    package func grant(_ process: ProcessPlan, generation: UInt64) {
        handle(.grant(order(process, generation)), of: process.name)
    }

    /// Takes that back.
    package func revoke(_ process: String) { handle(.revoke, of: process) }

    /// SIGTERM to its group.
    package func terminate(_ process: String, generation: UInt64) {
        handle(.terminate(generation: generation), of: process)
    }

    /// SIGKILL to it and all its descendants.
    package func kill(_ process: String, generation: UInt64) { handle(.kill(generation: generation), of: process) }

    /// Sends its shim away once it has ended.
    package func forget(_ process: String) { handle(.forget, of: process) }

    /// Ends, in good order, what an earlier control plane left running, before anything is started.
    ///
    /// The gateway goes first, so that its requests can finish while their engines live; it also frees the port that
    /// the next control plane is to listen on, which is why this needs no host.
    ///
    /// - Parameters:
    ///   - runtimeDirectory: of that control plane.
    ///   - grace: how long a process may take to end by SIGTERM.
    /// - Returns: one line for each process that was ended.
    package static func sweepLeftovers(
        runtimeDirectory: String, grace: @escaping @Sendable (String) -> Duration
    ) async -> [String] {
        let sweep = LeftoverSweep(
            launcher: ShimLauncher(program: "", directory: runtimeDirectory + "/shim"), grace: grace)
        return await OwnThread.run { sweep.run() }
    }

    /// Sends all shims away and ends `events`. A shim whose process still runs stays with it.
    package func shutdown() async {
        let ends = links.withLock { links in
            links.values.compactMap { link -> Descriptor? in
                guard let shim = link.shim, PacketSocket.send(ShimOrder.quit.encoded, to: shim.socket) == .sent,
                    link.session.run == nil
                else { return nil }
                return shim.end
            }
        }
        await OwnThread.run {
            let deadline = Deadline(after: .seconds(2))
            for end in ends { _ = end.waitUntilReadable(deadline) }
        }
        links.withLock { links in
            for link in links.values { link.shim.map { _ = Spawn.reap($0.pid) } }
            links.removeAll()
        }
        poll.close()
        report.finish()
    }

    // MARK: Shims' own news

    private func shimSpoke(_ process: String, _ pid: Int32) {
        links.withLock { links in
            guard var link = links[process], let shim = link.shim, shim.pid == pid else { return }
            hear(shim, &link, process)
            links[process] = link
        }
    }

    private func hear(_ shim: LaunchedShim, _ link: inout Link, _ process: String) {
        flush(&link)
        while true {
            switch PacketSocket.receive(from: shim.socket, most: ShimProtocol.maximumMessage) {
            case .packet(let packet):
                // A report of another version is none that we asked for: there is nothing to answer.
                guard let report = try? ShimReport(decoding: packet) else { continue }
                feed(.report(report), &link, process)
            case .nothing: return
            case .ended:
                // The end of its process tells more, and will come; until then there is nothing to hear.
                if let watch = link.watches.first { poll.end(watch) }
                return
            }
        }
    }

    private func shimEnded(_ process: String, _ pid: Int32) {
        links.withLock { links in
            guard var link = links[process], let shim = link.shim, shim.pid == pid,
                let status = Spawn.reap(pid)
            else { return }
            hear(shim, &link, process)
            for watch in link.watches { poll.end(watch) }
            link.watches = []
            link.shim = nil
            link.unsent = []
            link.isWaitingForRoom = false
            let input = ShimSession.Input.shimEnded(
                reason: "its shim (pid \(pid)) \(status.deathText)", survivor: survivor(of: process, link))
            feed(input, &link, process)
            links[process] = link.session.shim == .absent && link.session.run == nil ? nil : link
        }
    }

    /// The child whose shim is gone, if it lives: as the shim told us, or as it wrote down before it could.
    private func survivor(of process: String, _ link: Link) -> ProcessIdentity? {
        guard let run = link.session.run else { return nil }
        let recorded = ProcessIdentity(recordedAt: launcher.identityPath(of: process))
        guard let identity = run.identity else { return recorded.flatMap { ProcessFacts.isAlive($0) ? $0 : nil } }
        if ProcessFacts.isAlive(identity) { return identity }
        // A successor that the shim could start but not tell of: nobody has ordered this one, nobody will end it.
        if let recorded, recorded != identity { Orphan.kill(recorded) }
        return nil
    }

    // MARK: Sessions

    private func order(_ process: ProcessPlan, _ generation: UInt64) -> StartOrder {
        StartOrder(
            process, generation: generation, logPath: logPath(process.name),
            inherited: inherited(by: process.name).map(\.name))
    }

    private func inherited(by process: String) -> [InheritedDescriptor] {
        inherit[ProcessPlan.publicName(of: process)] ?? []
    }

    private func handle(_ input: ShimSession.Input, of process: String) {
        links.withLock { links in
            var link = links[process] ?? Link()
            feed(input, &link, process)
            links[process] = link.session.shim == .absent && link.session.run == nil ? nil : link
        }
    }

    private func feed(_ input: ShimSession.Input, _ link: inout Link, _ process: String) {
        for effect in link.session.handle(input) { perform(effect, &link, process) }
    }

    private func perform(_ effect: ShimSession.Effect, _ link: inout Link, _ process: String) {
        switch effect {
        case .launch: launch(&link, process)
        case .send(let order): send(order, &link, process)
        case .emit(let generation, let kind):
            report.yield(HostEvent(process: process, generation: generation, kind: kind))
            if case .started = kind { link.memory = OutOfMemory.count() }
        case .emitStartFailed(let order, let failure):
            let exists = order.command.first.map { access($0, F_OK) == 0 } ?? false
            let text = failure.text(of: order, programExists: exists)
            report.yield(HostEvent(process: process, generation: order.generation, kind: .startFailed(text)))
        case .emitExit(let exit, let run):
            let end = end(exit, run, link)
            let kind = HostEvent.Kind.exited(end.status, evidence: end.evidence, outOfMemory: end.outOfMemory)
            report.yield(HostEvent(process: process, generation: exit.generation, kind: kind))
        case .emitSuccession(let exit, let run):
            let kind = HostEvent.Kind.succeeded(end(exit, run, link))
            report.yield(HostEvent(process: process, generation: exit.generation, kind: kind))
        case .watchOrphan(let identity): watch(identity, &link, process)
        case .terminateOrphan(let identity): Orphan.terminate(identity)
        case .killOrphan(let identity): Orphan.kill(identity)
        case .clearSession(let identity): Orphan.clearSession(of: identity)
        case .remove: break
        }
    }

    /// The end with what this machine knows beside the status.
    private func end(_ exit: ChildExit, _ run: ShimSession.Run, _ link: Link) -> ProcessExit {
        let status = ExitStatus(exit.status)
        var evidence = ["peak resident size \(ByteSize(bytes: Int64(clamping: exit.peakResidentBytes)).text)"]
        if exit.leftovers > 0 { evidence.append("\(exit.leftovers) leftover processes were ended") }
        var wasKilled = false
        if case .signal(SIGKILL, _) = status { wasKilled = !run.isKillOrdered }
        let memory = OutOfMemory.finding(pid: run.identity?.pid ?? 0, wasKilled: wasKilled, since: link.memory)
        return ProcessExit(status, evidence: evidence + memory.evidence, outOfMemory: memory.verdict)
    }

    private func launch(_ link: inout Link, _ process: String) {
        do throws(SystemError) {
            let shim = try launcher.launch(process, inherited: inherited(by: process).map(\.number))
            link.shim = shim
            link.watches = [
                try poll.watch(shim.socket) { [weak self] in self?.shimSpoke(process, shim.pid) },
                try poll.watch(shim.end) { [weak self] in self?.shimEnded(process, shim.pid) },
            ]
        } catch {
            feed(.launchFailed("its shim cannot be started: \(error)"), &link, process)
        }
    }

    private func send(_ order: ShimOrder, _ link: inout Link, _ process: String) {
        guard link.shim != nil else { return }
        let packet = order.encoded
        guard packet.count <= ShimProtocol.maximumMessage else {
            // Only a start can be that large, or the grant of one; the shim never hears of it.
            guard case .start = order, let run = link.session.run else { return }
            let failure = ShimReport.startFailed(
                generation: run.order.generation, failure: StartFailure(step: .program, error: E2BIG))
            return feed(.report(failure), &link, process)
        }
        link.unsent.append(packet)
        flush(&link)
    }

    private func flush(_ link: inout Link) {
        guard !link.unsent.isEmpty, let shim = link.shim, let watch = link.watches.first else { return }
        while let packet = link.unsent.first {
            switch PacketSocket.send(packet, to: shim.socket) {
            case .sent: link.unsent.removeFirst()
            case .full:
                link.isWaitingForRoom = true
                return poll.change(watch, to: .readableAndWritable)
            // Its death is told by its pidfd.
            case .failed: link.unsent.removeAll()
            }
        }
        guard link.isWaitingForRoom else { return }
        link.isWaitingForRoom = false
        poll.change(watch, to: .readable)
    }

    private func watch(_ identity: ProcessIdentity, _ link: inout Link, _ process: String) {
        guard let end = ProcessFacts.open(identity),
            let watch = try? poll.watch(end, { [weak self] in self?.orphanEnded(process) })
        else { return feed(.orphanEnded, &link, process) }
        link.orphanWatch = watch
    }

    private func orphanEnded(_ process: String) {
        links.withLock { links in
            guard var link = links[process], let watch = link.orphanWatch else { return }
            poll.end(watch)
            link.orphanWatch = nil
            feed(.orphanEnded, &link, process)
            links[process] = link
        }
    }
}
