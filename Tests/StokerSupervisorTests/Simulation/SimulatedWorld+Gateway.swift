import StokerCore
import StokerSupervisor
import StokerTesting
import Synchronization

/// The gateway of the simulated world: it knows what is in flight, and in bad times says nothing for a while.
extension SimulatedWorld {
    /// Reports until cancelled.
    func actAsGateway(for supervisor: Supervisor<ManualClock>) async {
        while !Task.isCancelled {
            let isAwaited = await supervisor.note { self.inFlight(at: $0) }
            let silence = state.withLock { state in
                !state.isCalm && state.random.chance(0.02) ? state.random.duration(below: .seconds(9)) : .zero
            }
            try? await clock.sleep(for: (isAwaited ? .milliseconds(200) : .seconds(3)) + silence)
        }
    }

    /// nil while it is not certain that nothing new can come.
    private func inFlight(at name: String) -> Int? {
        state.withLock { state in
            guard let child = state.children[name] else { return 0 }
            guard state.random.chance(0.8) else { return nil }
            return child.lastRequests.count { $0 > now }
        }
    }

    /// Takes note of what the supervisor says that it does about requests.
    func follow(_ event: Event, of name: String, _ state: inout State) {
        switch event.kind {
        case .processDraining where event.severity == .warning: state.children[name]?.drain = .givenUp
        case .processDraining: beginDrain(of: name, isByOrder: event.message.contains("by order:"), &state)
        // What hangs is not waited for.
        case .processUnready where event.message.contains("while it drains"): state.children[name]?.drain = .givenUp
        case .processDrained: state.children[name]?.drain = .drained
        case .processUndrained: state.children[name]?.drain = nil
        // The one that was drained had ended before the order came, and its successor has served nobody.
        case .processStopping where event.message.contains("its shim had started it again"):
            state.children[name]?.drain = nil
        default: break
        }
    }

    /// Somebody tells a process to do something. Who says the same a second time, or wants it now, does not wait.
    func noteOrder(_ name: String, isUrgent: Bool) {
        state.withLock { state in
            if isUrgent { state.isHurried.insert(name) }
            if case .draining = state.children[name]?.drain { state.isHurried.insert(name) }
        }
    }

    /// All are to end, and there is no gateway any more.
    func hurryAll() { state.withLock { $0.isHurried.formUnion($0.children.keys) } }

    private func beginDrain(of name: String, isByOrder: Bool, _ state: inout State) {
        let (now, isLong) = (now, !state.isCalm && state.random.chance(0.1))
        let count = Int(state.random.next() % 4)
        state.children[name]?.lastRequests = (0..<count).map { _ in
            now + (isLong ? .seconds(30) : state.random.duration(below: .seconds(6)))
        }
        if !isByOrder { state.isHurried.remove(name) }
        state.children[name]?.drain = isByOrder ? nil : .draining(since: now)
    }

    /// A process is to end: not while clients of it are waited for.
    func checkDrain(of child: Child, _ state: inout State) {
        let name = child.plan.name
        switch child.drain {
        case .draining(let since):
            guard !state.isHurried.contains(name) else { return }
            state.violations.append("\(name): SIGTERM \(now - since) after it began to drain, and nobody had given up")
        case .drained where child.lastRequests.contains { $0 > now }:
            state.violations.append("\(name): SIGTERM with requests in flight")
        case nil, .drained, .givenUp: return
        }
    }
}
