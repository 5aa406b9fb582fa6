import StokerCore
import StokerHost

/// What only one control plane may have, claimed in the order in which a refusal costs least.
struct Claims {
    private let lock: StateLock
    /// The gateway's socket: it lives here, so that the next gateway serves at once when one dies.
    let listener: Descriptor

    /// - Throws: `StartFailure` with one line that names who or what is in the way.
    init(plan: Plan) throws(StartFailure) {
        try Directories(plan: plan).create()
        do {
            lock = try StateLock(path: plan.lockFile)
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
