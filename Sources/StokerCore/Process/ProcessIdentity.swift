/// Which process is meant, proof against PID reuse: two processes never share all three.
package struct ProcessIdentity: Sendable, Hashable, Codable {
    /// Positive; the kernel gives it to another process some time after the end of this one.
    package var pid: Int32
    /// Field 22 of `/proc/PID/stat`, clock ticks since boot.
    package var startTime: UInt64
    /// `/proc/sys/kernel/random/boot_id`.
    package var bootID: String

    /// An identity as the host has read it.
    package init(pid: Int32, startTime: UInt64, bootID: String) {
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
    }
}

/// How a process ended, as honestly as the kernel allows.
package enum ExitStatus: Sendable, Hashable, Codable {
    case code(Int32)
    case signal(Int32, dumpedCore: Bool)
    /// Its parent was lost before it could say.
    case unknown

    /// As shells and `stoker_supervisor_process_last_exit_code` number it: 128 + n for signal n, -1 when unknown.
    package var number: Int32 {
        switch self {
        case .code(let code): code
        case .signal(let signal, _): 128 + signal
        case .unknown: -1
        }
    }
}
