import StokerContinuity
import StokerCore
import StokerHost
import StokerStore
import StokerSupervisor

/// What only one control plane may have, claimed in the order in which a refusal costs least.
struct Claims {
    private let lock: StateLock
    /// The gateway's socket: it lives here, so that the next gateway serves at once when one dies.
    let listener: Descriptor

    /// What an earlier control plane had left running and was ended for this one, one line each.
    let swept: [String]
    /// Drills in the middle of which an earlier control plane ended.
    let closedDrills: [DrillRecord]

    /// Takes the directories, ends leftovers, takes the ports.
    ///
    /// - Throws: `StartFailure` with one line that names who or what is in the way.
    init(plan: Plan) async throws(StartFailure) {
        try Directories(plan: plan).create()
        do {
            lock = try StateLock(path: plan.lockFile)
        } catch {
            throw StartFailure("\(error)")
        }
        // Before the sweep: a process that a drill had stopped would hear no SIGTERM.
        closedDrills = await DrillLeftovers.close(
            in: ContinuityStore(path: plan.continuityDatabase), now: .now, send: GroupSignal.send)
        // Only the holder of the lock may end anything, and the old gateway still holds the port.
        let graces = Dictionary(
            plan.processes.map { ($0.name, $0.stop.grace) }, uniquingKeysWith: { first, _ in first })
        swept = await ShimProcessHost.sweepLeftovers(runtimeDirectory: plan.runtimeDirectory) { name in
            graces[name] ?? StopPolicy().grace
        }
        do {
            listener = try ListeningSocket.open(plan.gateway.listen)
            if let address = plan.adminListen {
                // Only tried, so that a taken port is one line before anything starts; the server binds it for itself.
                _ = try ListeningSocket.open(address)
            }
        } catch {
            throw StartFailure("\(error)")
        }
    }
}
