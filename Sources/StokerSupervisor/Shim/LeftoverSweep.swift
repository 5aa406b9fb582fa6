import Glibc
import ShimProtocol
import StokerCore
import StokerHost

/// Ends what an earlier control plane left running. Blocks, so it runs on a thread of its own.
struct LeftoverSweep: Sendable {
    let launcher: ShimLauncher
    let grace: @Sendable (String) -> Duration

    /// Something that still runs.
    private struct Leftover {
        let process: String
        let identity: ProcessIdentity
        /// Readable when the process has ended.
        let end: Descriptor
        /// Its shim, if that lives.
        let shim: Descriptor?
        let generation: UInt64
    }

    /// Returns one line for each process that was ended.
    func run() -> [String] {
        let found = names().compactMap(find)
        let isGateway = { (leftover: Leftover) in
            ProcessPlan.publicName(of: leftover.process) == ProcessPlan.gatewayName
        }
        let lines = end(found.filter(isGateway)) + end(found.filter { !isGateway($0) })
        for name in names() { forget(name) }
        return lines
    }

    /// Ends these all at once: every grace runs from now.
    private func end(_ found: [Leftover]) -> [String] {
        for leftover in found { terminate(leftover) }
        let deadlines = found.map { Deadline(after: grace($0.process)) }
        let lines = zip(found, deadlines).map { leftover, deadline in
            let ended = leftover.end.waitUntilReadable(deadline)
            if !ended { kill(leftover) }
            let gone = ended || leftover.end.waitUntilReadable(Deadline(after: .seconds(5)))
            let how = ended ? "by SIGTERM" : gone ? "by SIGKILL" : "not: even SIGKILL did not end it"
            return "\(leftover.process) (pid \(leftover.identity.pid)): ended \(how)"
        }
        for leftover in found { dismiss(leftover) }
        return lines
    }

    /// All processes that have a socket or a record here.
    private func names() -> [String] {
        var names: Set<String> = []
        for file in Directory.names(launcher.directory) {
            if file.hasSuffix(".sock") { names.insert(String(file.dropLast(5))) }
            if file.hasSuffix(".child") { names.insert(String(file.dropLast(6))) }
        }
        return names.sorted()
    }

    /// nil when nothing runs: then an idle shim is sent away here.
    private func find(_ process: String) -> Leftover? {
        if let socket = try? PacketSocket.connect(to: launcher.socketPath(of: process)),
            let state = Self.state(of: socket)
        {
            guard let running = state.running else {
                _ = PacketSocket.send(ShimOrder.quit.encoded, to: socket)
                _ = socket.waitUntilReadable(Deadline(after: .seconds(1)))
                return nil
            }
            return leftover(process, Self.identity(of: running), socket, running.generation)
        }
        // The shim is dead. Its record counts only for the very process that it names.
        guard let identity = ProcessIdentity(recordedAt: launcher.identityPath(of: process)) else { return nil }
        return leftover(process, identity, nil, 0)
    }

    private func leftover(
        _ process: String, _ identity: ProcessIdentity, _ shim: Descriptor?, _ generation: UInt64
    ) -> Leftover? {
        guard let end = ProcessFacts.open(identity) else { return nil }
        return Leftover(process: process, identity: identity, end: end, shim: shim, generation: generation)
    }

    private static func identity(of child: ChildState) -> ProcessIdentity {
        ProcessIdentity(pid: child.pid, startTime: child.startTime, bootID: ProcessFacts.bootID)
    }

    /// The first thing that a shim says; nil when it says nothing, as a stopped one does.
    private static func state(of socket: Descriptor) -> ShimState? {
        guard socket.waitUntilReadable(Deadline(after: .seconds(2))),
            case .packet(let packet) = PacketSocket.receive(from: socket, most: ShimProtocol.maximumMessage),
            case .state(let state)? = try? ShimReport(decoding: packet)
        else { return nil }
        return state
    }

    private func terminate(_ leftover: Leftover) {
        guard let shim = leftover.shim else { return Orphan.terminate(leftover.identity) }
        _ = PacketSocket.send(ShimOrder.terminate(generation: leftover.generation).encoded, to: shim)
    }

    private func kill(_ leftover: Leftover) {
        guard let shim = leftover.shim else { return Orphan.kill(leftover.identity) }
        _ = PacketSocket.send(ShimOrder.kill(generation: leftover.generation).encoded, to: shim)
    }

    /// A shim leaves only when all that descended from its process has ended too; so its end is waited for.
    private func dismiss(_ leftover: Leftover) {
        guard let shim = leftover.shim else { return Orphan.clearSession(of: leftover.identity) }
        let deadline = Deadline(after: .seconds(2))
        while shim.waitUntilReadable(deadline) {
            switch PacketSocket.receive(from: shim, most: ShimProtocol.maximumMessage) {
            case .packet(let packet):
                guard case .exited? = try? ShimReport(decoding: packet) else { continue }
                _ = PacketSocket.send(ShimOrder.quit.encoded, to: shim)
            case .nothing: continue
            case .ended: return
            }
        }
    }

    private func forget(_ process: String) {
        unlink(launcher.socketPath(of: process))
        unlink(launcher.identityPath(of: process))
    }
}
