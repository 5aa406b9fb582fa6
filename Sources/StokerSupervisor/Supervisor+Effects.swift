import StokerCore

/// Events in, effects out.
extension Supervisor {
    /// Tells a process's machine something and carries out what it asks for; who is gone is not told.
    func tell(_ name: String, _ event: ProcessMachine.Event) {
        guard var entry = entries[name] else { return }
        let effects = entry.machine.handle(event, at: now)
        if effects.contains(.announce) { entry.report(at: wallClock) }
        entries[name] = entry
        for effect in effects { carryOut(effect, of: name, entry) }
    }

    /// Translates what the host says.
    func take(_ event: HostEvent) {
        let (name, generation) = (event.process, event.generation)
        switch event.kind {
        case .started(let identity): tell(name, .started(generation, identity))
        case .startFailed(let why): tell(name, .startFailed(generation, why))
        case .shimLost(let why): tell(name, .shimLost(generation, why))
        case .exited(let status, let evidence, let outOfMemory):
            let facts = evidence + portEvidence(of: name, generation)
            let exit = ProcessExit(status, evidence: facts, outOfMemory: outOfMemory)
            entries[name]?.metrics?.note(exit)
            tell(name, .exited(generation, exit))
        case .succeeded(let exit):
            // Whose its port is cannot be asked any more: its successor may have it already.
            entries[name]?.metrics?.note(exit)
            tell(name, .succeeded(generation, exit))
        case .logDropped(let bytes, let reason):
            record(
                .warning, .logDropped, name, "\(bytes) bytes of its output could not be kept", evidence: [reason])
        }
    }

    /// Who has the port of a process that ended early: nothing of its own is left, so whoever listens is in its way.
    private func portEvidence(of name: String, _ generation: UInt64) -> [String] {
        guard let machine = entries[name]?.machine, machine.state.run?.generation == generation,
            machine.isYoung(at: now), machine.plan.kind != .gateway, let port = machine.plan.endpoint?.port,
            let holder = portHolder(port)
        else { return [] }
        return ["its port \(port) is held by \(holder)"]
    }

    func record(
        _ severity: Event.Severity, _ kind: Event.Kind, _ name: String, _ message: String, evidence: [String] = []
    ) {
        let subject = ProcessPlan.publicName(of: name)
        sink.record(
            Event(
                time: wallClock(), severity: severity, kind: kind, subject: subject, message: message,
                evidence: evidence))
    }

    private func carryOut(_ effect: ProcessMachine.Effect, of name: String, _ entry: Entry) {
        switch effect {
        case .start(let generation): host.start(entry.machine.plan, generation: generation)
        case .terminate(let generation): host.terminate(name, generation: generation)
        case .kill(let generation): host.kill(name, generation: generation)
        case .grant(let generation): host.grant(entry.machine.plan, generation: generation)
        case .revoke: host.revoke(name)
        case .wait(let duration, let ticket):
            timers.insert(TimerQueue.Timer(deadline: now + duration, process: name, ticket: ticket))
        case .ask(_, let probe, let ticket):
            inquiries.append(Inquiry(process: entry.machine.plan, probe: probe, ticket: ticket))
        case .drop(let ticket):
            timers.remove(ticket, of: name)
            inquiries.removeAll { $0.ticket == ticket && $0.process.name == name }
        case .record(let severity, let kind, let message, let evidence):
            record(severity, kind, name, message, evidence: evidence)
        case .count(let reason): entry.metrics?.noteRestart(reason)
        case .announce:
            isUnsettled = true
            entry.metrics?.note(entry.report, since: entry.since)
        }
    }
}
