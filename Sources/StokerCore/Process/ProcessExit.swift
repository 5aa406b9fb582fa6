/// How a process ended, with what the host knows beside the status.
package struct ProcessExit: Sendable, Hashable {
    /// As the kernel has it.
    package var status: ExitStatus
    /// Facts beside the status, one a line.
    package var evidence: [String]
    /// Whether the kernel's OOM killer did it; nil when it cannot be known.
    package var outOfMemory: Bool?

    /// An end, with what is known about it.
    package init(_ status: ExitStatus, evidence: [String] = [], outOfMemory: Bool? = nil) {
        self.status = status
        self.evidence = evidence
        self.outOfMemory = outOfMemory
    }

    /// The end in words for people, half a sentence: `killed by SIGSEGV (core dumped)`.
    ///
    /// SIGKILL never says who sent it. Of the usual suspects only the kernel's OOM killer leaves a trace, its counter
    /// or a line in the kernel's log, hence "probably", with the trace.
    package var text: String {
        switch status {
        case .signal(Signal.kill.number, _) where outOfMemory == true:
            let trace = evidence.last { $0.hasPrefix("oom_kill") || $0.hasPrefix("kernel: ") }
            return "\(status.text), probably the kernel's OOM killer\(trace.map { ": \($0)" } ?? "")"
        case .signal(Signal.kill.number, _) where outOfMemory == false:
            return "\(status.text), not by the kernel's OOM killer"
        default:
            return status.text
        }
    }

    /// What such an end counts as in `stoker_supervisor_process_restarts_total`.
    var restartReason: RestartReason {
        switch status {
        case .code, .unknown: .exit
        case .signal: outOfMemory == true ? .outOfMemory : .signal
        }
    }
}

extension ExitStatus {
    /// The status in words: `exited with code 3`.
    package var text: String {
        switch self {
        case .code(let code): "exited with code \(code)\(Self.hint(to: code))"
        case .signal(let number, let dumpedCore):
            "killed by \(Signal(number: number))\(dumpedCore ? " (core dumped)" : "")"
        case .unknown: "ended, nobody saw how"
        }
    }

    /// What a code means by convention, where it misleads: shells and `env` report failed starts and signals as codes.
    private static func hint(to code: Int32) -> String {
        switch code {
        case 126: " (of a shell: found but not executable)"
        case 127: " (of a shell: command not found)"
        case 129...192: " (of a shell: its child was killed by \(Signal(number: code - 128)))"
        default: ""
        }
    }
}

/// Why a process was started again; the values of the metric label `reason`.
package enum RestartReason: String, Sendable, CaseIterable {
    /// It exited by itself.
    case exit
    /// A signal ended it.
    case signal
    /// The kernel's OOM killer ended it.
    case outOfMemory = "oom"
    /// Its liveness probe failed.
    case health
    /// It could not be started, or was not ready in time.
    case start
    /// Its plan changed.
    case config
    /// A person ordered it.
    case manual
}
