package import ShimProtocol
import StokerHost

/// Error numbers in words.
enum ErrorWords {
    static func of(_ error: Int32) -> String { SystemError.words(error) }
}

extension StartFailure {
    /// One line for people: what could not be done, and why.
    ///
    /// - Parameter programExists: whether the program's file is there, which tells a missing program from a missing
    ///   interpreter: the kernel says ENOENT for both.
    package func text(of order: StartOrder, programExists: Bool) -> String {
        let words = ErrorWords.of(error)
        let program = order.command.first ?? ""
        switch step {
        case .program where error == 2 && !program.contains("/"):
            let path = order.environment.first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
            return "\(program): not found in PATH (\(path))"
        case .program where error == 2 && programExists:
            return "\(program): its interpreter, named in its first line, does not exist"
        case .program: return "\(program): \(words)"
        case .directory: return "directory \(order.directory ?? ""): \(words)"
        case .output: return "pipe for its output: \(words)"
        case .openFiles: return "limit of \(order.limits.openFiles ?? 0) open files: \(words)"
        case .coreBytes: return "core file limit of \(order.limits.coreBytes ?? 0) bytes: \(words)"
        case .addressSpace: return "address space limit of \(order.limits.addressSpaceBytes ?? 0) bytes: \(words)"
        case .oomScore: return "oom_score_adj \(order.limits.oomScoreAdjust ?? 0): \(words)"
        case .busy: return "its shim is still busy with an earlier one"
        case .order: return "an empty command"
        }
    }
}
