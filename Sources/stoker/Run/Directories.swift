import Glibc
import StokerCore

/// The directories that belong to one control plane.
struct Directories {
    let plan: Plan

    /// Makes what is missing: the state for the owner and the group, the sockets for the owner's group only.
    ///
    /// - Throws: `StartFailure` naming the directory, the reason and what to do.
    func create() throws(StartFailure) {
        try make(plan.stateDirectory, mode: 0o750)
        try make("\(plan.stateDirectory)/log", mode: 0o750)
        try make(plan.runtimeDirectory, mode: 0o750)
        try make("\(plan.runtimeDirectory)/shim", mode: 0o700)
    }

    private func make(_ path: String, mode: mode_t) throws(StartFailure) {
        var built = ""
        for part in path.split(separator: "/") {
            built += "/\(part)"
            guard mkdir(built, built == path ? mode : 0o755) != 0, errno != EEXIST else { continue }
            let reason = String(cString: strerror(errno))
            throw StartFailure("cannot create \(built): \(reason); try: sudo install -d -o $(id -un) \(path)")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            let reason = String(cString: strerror(errno))
            throw StartFailure("cannot write to \(path): \(reason); try: sudo chown -R $(id -un) \(path)")
        }
    }
}
