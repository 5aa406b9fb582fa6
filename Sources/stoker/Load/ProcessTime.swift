import Glibc
import StokerLoad

/// What this process has used of its processors.
enum ProcessTime {
    /// User and system time of all threads; POSIX counts it in microseconds on every system.
    static var cpu: Nanoseconds { Int64(max(0, clock())) * 1000 }
}
