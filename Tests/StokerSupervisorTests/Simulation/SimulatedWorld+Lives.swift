import StokerCore
import StokerSupervisor
import StokerTesting
import Synchronization

/// How the children of the simulated world live and die.
extension SimulatedWorld {
    func checkStart(of process: ProcessPlan, _ generation: UInt64, _ state: inout State) {
        let name = process.name
        if let other = state.children[name] {
            state.violations.append("\(name): generation \(generation) started while \(other.generation) is alive")
        }
        if generation <= state.lastGeneration[name] ?? 0 {
            state.violations.append("\(name): generation \(generation) is not new")
        }
        guard let last = state.lastEvent[name] else {
            state.violations.append("\(name): started without a word")
            return
        }
        switch last.kind {
        case .processStarting: checkOrder(of: process, state.lastEvent, &state.violations)
        case .processRestarting:
            // Drawn evenly from zero to the bound, so the bound is all that can be said.
            if now - last.at > process.restart.maxDelay {
                state.violations.append("\(name): restarted after \(now - last.at)")
            }
        default: break
        }
    }

    /// A fresh start waits for others: the last thing that was said about each must be that it is ready, or started.
    private func checkOrder(
        of process: ProcessPlan, _ lastEvent: [String: (kind: Event.Kind, at: Duration)], _ violations: inout [String]
    ) {
        for (name, condition) in process.startAfter {
            let kind = lastEvent[name]?.kind
            let isFine = condition == .ready ? [.processReady, .shimLost, .logDropped].contains(kind) : kind != nil
            if !isFine {
                violations.append("\(process.name): started when \(name) was \(kind?.rawValue ?? "unheard of")")
            }
        }
    }

    /// A new child, with what is wrong with it.
    func add(_ process: ProcessPlan, _ generation: UInt64, _ state: inout State) -> Traits {
        var traits = state.isCalm ? Traits() : Traits.drawn(&state.random)
        if !state.isCalm, state.doomed.contains(process.name) { traits.lifetime = .milliseconds(5) }
        state.children[process.name] = Child(plan: process, generation: generation, traits: traits)
        return traits
    }

    func spawn(_ name: String, _ generation: UInt64) {
        let now = now
        let outcome: (child: Child, pid: Int32)? = state.withLock { state in
            guard var child = state.children[name], child.generation == generation else { return nil }
            state.lastPID += 1
            child.isSpawned = true
            child.spawnedAt = now
            state.children[name] = child.traits.failsToSpawn ? nil : child
            return (child, state.lastPID)
        }
        guard let (child, pid) = outcome else { return }
        guard !child.traits.failsToSpawn else {
            return say(name, generation, .startFailed("/opt/engine: Exec format error"))
        }
        say(name, generation, .started(ProcessIdentity(pid: pid, startTime: UInt64(pid), bootID: "boot")))
        if child.isKilled {
            clock.schedule(after: child.traits.killTime) { self.end(name, generation, .signal(9, dumpedCore: false)) }
        }
        guard let lifetime = child.traits.lifetime else { return }
        clock.schedule(after: lifetime) { self.die(name, generation) }
    }

    /// It ends by itself, unless peace has come meanwhile.
    private func die(_ name: String, _ generation: UInt64) {
        let status: ExitStatus? = state.withLock { state in
            guard state.children[name]?.traits.lifetime != nil else { return nil }
            let ends: [ExitStatus] = [.code(0), .code(3), .signal(11, dumpedCore: true), .signal(9, dumpedCore: false)]
            return ends.randomElement(using: &state.random)
        }
        if let status { end(name, generation, status) }
    }

    func end(_ name: String, _ generation: UInt64, _ status: ExitStatus) {
        let child: Child? = state.withLock { state in
            guard let child = state.children[name], child.generation == generation else { return nil }
            state.children[name] = nil
            if let plan = child.successor {
                state.successions += 1
                state.lastGeneration[name] = generation + 1
                _ = add(plan, generation + 1, &state)
            }
            return child
        }
        guard let child else { return }
        guard child.successor == nil else { return succeed(name, generation, status) }
        say(name, generation, .exited(child.isOrphan ? .unknown : status, evidence: [], outOfMemory: nil))
    }

    /// The successor is there; it takes a moment until that is known, in which orders may cross.
    private func succeed(_ name: String, _ generation: UInt64, _ status: ExitStatus) {
        let delay = state.withLock { $0.random.duration(below: .milliseconds($0.random.chance(0.3) ? 8000 : 20)) }
        clock.schedule(after: delay) {
            self.say(name, generation, .succeeded(ProcessExit(status)))
            self.spawn(name, generation + 1)
        }
    }

    /// The process dies now.
    func crash(_ name: String) {
        let generation = state.withLock { state in
            state.children[name].flatMap { $0.isSpawned ? $0.generation : nil }
        }
        if let generation { end(name, generation, .signal(11, dumpedCore: true)) }
    }

    /// The shim of a process dies; the process does not.
    func loseShim(of name: String) {
        let generation: UInt64? = state.withLock { state in
            guard state.children[name]?.isSpawned == true else { return nil }
            state.children[name]?.isOrphan = true
            state.children[name]?.successor = nil
            return state.children[name]?.generation
        }
        if let generation { say(name, generation, .shimLost("the socket closed")) }
    }

    /// Reports something, now and then twice, now and then with an echo from the past.
    private func say(_ name: String, _ generation: UInt64, _ kind: HostEvent.Kind) {
        let event = HostEvent(process: name, generation: generation, kind: kind)
        report.yield(event)
        let (isTwice, isEcho) = state.withLock { ($0.random.chance(0.05), $0.random.chance(0.05)) }
        if isTwice { report.yield(event) }
        if isEcho, generation > 1 {
            report.yield(
                HostEvent(
                    process: name, generation: generation - 1, kind: .exited(.code(1), evidence: [], outOfMemory: nil)))
        }
    }
}

extension SimulatedWorld.Traits {
    /// What is wrong with the next child: usually something.
    static func drawn(_ random: inout SeededGenerator) -> Self {
        var traits = Self()
        traits.spawnDelay =
            random.chance(0.1) ? random.duration(below: .seconds(3)) : random.duration(below: .milliseconds(20))
        traits.failsToSpawn = random.chance(0.05)
        traits.loadTime = random.chance(0.05) ? nil : random.duration(below: .seconds(6))
        traits.killTime = random.chance(0.03) ? .seconds(25) : random.duration(below: .milliseconds(20))
        switch random.next() % 10 {
        case 0...2: traits.lifetime = random.duration(below: .milliseconds(50))
        case 3...5: traits.lifetime = random.duration(below: .seconds(90))
        case 6: traits.hangsAfter = random.duration(below: .seconds(60))
        default: break
        }
        switch random.next() % 10 {
        case 0: traits.terminationTime = nil
        case 1: traits.terminationTime = random.duration(below: .seconds(8))
        default: traits.terminationTime = random.duration(below: .milliseconds(200))
        }
        return traits
    }
}
