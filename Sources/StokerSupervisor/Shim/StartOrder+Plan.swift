package import ShimProtocol
package import StokerCore

extension StartOrder {
    /// What a plan means for a shim. `inherited`: names of the descriptors that the process gets from 3 up; they are
    /// announced as systemd announces them, but without LISTEN_PID, which nobody knows before the start.
    package init(_ process: ProcessPlan, generation: UInt64, logPath: String, inherited: [String]) {
        var environment = process.environment.mapValues(\.revealed)
        if !inherited.isEmpty {
            environment["LISTEN_FDS"] = "\(inherited.count)"
            environment["LISTEN_FDNAMES"] = inherited.joined(separator: ":")
        }
        self.init(
            generation: generation, command: process.command ?? [],
            environment: environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            directory: process.directory,
            log: LogOrder(path: logPath, maximumBytes: UInt64(process.log.maxSize.bytes)),
            limits: LimitsOrder(
                openFiles: process.limits.openFiles, coreBytes: process.limits.coreBytes,
                addressSpaceBytes: process.limits.addressSpaceBytes,
                oomScoreAdjust: process.limits.oomScoreAdjust.map { Int32(clamping: $0) }))
    }
}

extension ExitStatus {
    /// What a shim says of an end, in the words of the core.
    package init(_ status: ChildStatus) {
        switch status {
        case .code(let code): self = .code(code)
        case .signal(let signal, let dumpedCore): self = .signal(signal, dumpedCore: dumpedCore)
        }
    }

    /// For a shim's own end: `died of signal 9`.
    var deathText: String {
        switch self {
        case .code(let code): "left with code \(code)"
        case .signal(let signal, _): "died of signal \(signal)"
        case .unknown: "is gone"
        }
    }
}
