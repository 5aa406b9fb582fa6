import CLinux
import Glibc

/// What the shim is told on its command line.
struct Setup {
    /// Descriptors 3 to 2 + this many go to each child.
    let inherited: Int32
    /// Connections of the control plane arrive here.
    let listener: Int32
    let socketPath: String
    /// `PID START-TIME BOOT-ID` of the child that runs: by it a control plane finds a child whose shim died.
    let identityPath: String

    /// nil unless it was started by a control plane.
    init?(_ arguments: [String]) {
        guard arguments.count == 4, let count = Int32(arguments[2]), (0...32).contains(count) else { return nil }
        inherited = count
        listener = 3 + count
        socketPath = arguments[3] + ".sock"
        identityPath = arguments[3] + ".child"
        var kind: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(listener, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 else { return nil }
        // The control plane opened it for all it starts; this one keeps it for itself.
        _ = clinux_fcntl(listener, F_SETFD, Int(FD_CLOEXEC))
        _ = clinux_fcntl(listener, F_SETFL, Int(O_NONBLOCK))
    }
}

/// Milliseconds of a clock that nobody can set.
func monotonicMilliseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
}

/// Calls `system` again as long as a signal interrupts it.
func uninterrupted(_ system: () -> Int) -> Int {
    while true {
        let result = system()
        guard result == -1, errno == EINTR else { return result }
    }
}
