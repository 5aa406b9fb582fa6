#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Who gets the processor first when all want it.
///
/// A gateway needs little and soon: what it waits, all its clients wait. Engines and whatever else runs here need much,
/// and whenever.
enum Precedence {
    /// As a nice value: about ten times the share of a process with 0.
    private static let nice: Int32 = -10

    /// Puts the calling thread, and those that it starts from now on, before others as far as the system lets us: root
    /// and CAP_SYS_NICE. Without either nothing changes, and nothing is said.
    static func raise() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, nice)
        // The gateway leads a session. Outside of cgroups with weights Linux shares the processor among sessions before
        // it looks at nice values (autogroup, sched(7)): one among many, ours would wait for its turn.
        let file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let text = "\(nice)"
        _ = text.withCString { write(file, $0, strlen($0)) }
        close(file)
    }
}
