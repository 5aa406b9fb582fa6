import CLinux
import Glibc

/// The direct children of the shim: the child itself, and every orphan of its tree, since the shim is their subreaper.
enum Descendants {
    /// Sends a signal to each. Safe from PID reuse: only the shim reaps them, and it is not doing so now.
    ///
    /// - Returns: how many there are, nil when the kernel does not say (built without CONFIG_PROC_CHILDREN).
    static func signal(_ signal: Int32) -> Int? {
        let list = clinux_open("/proc/thread-self/children", O_RDONLY, 0)
        guard list >= 0 else { return nil }
        defer { close(list) }
        var count = 0
        var pid: Int32 = 0
        // A little at a time: a list of ten thousand orphans needs no memory of that size.
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
            while true {
                let length = uninterrupted { read(list, buffer.baseAddress, buffer.count) }
                guard length > 0 else { return }
                for byte in buffer.prefix(length) {
                    if (48...57).contains(byte) {
                        pid = pid &* 10 &+ Int32(byte - 48)
                    } else if pid > 0 {
                        kill(pid, signal)
                        count += 1
                        pid = 0
                    }
                }
            }
        }
        return count
    }
}
