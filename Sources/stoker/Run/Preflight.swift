import Glibc
import StokerCore

/// What must be there before anything is started: programs and directories that the plan names.
///
/// Looked for at the start of the daemon and at each reload, so that a typing error is one clear line, not a crash
/// loop.
struct Preflight {
    let plan: Plan

    /// One line for each thing that is missing, in the order of the file; empty when all is there.
    func problems() -> [String] {
        plan.processes.compactMap { process in
            problem(with: process).map { "processes.\(process.name): \($0)" }
        }
    }

    private func problem(with process: ProcessPlan) -> String? {
        guard let program = process.command?.first else { return nil }
        if let directory = process.directory, !isDirectory(directory) {
            return "the directory \(directory) does not exist; try: mkdir -p \(directory)"
        }
        guard program.contains("/") else {
            let path = process.environment["PATH"]?.revealed ?? ""
            let found = path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
            return found ? nil : "the program \(program) is not on its PATH (\(path))"
        }
        let absolute = program.hasPrefix("/") ? program : "\(process.directory ?? ".")/\(program)"
        guard access(absolute, F_OK) == 0 else { return "the program \(absolute) does not exist" }
        guard access(absolute, X_OK) == 0, !isDirectory(absolute) else {
            return "the program \(absolute) cannot be executed; try: chmod +x \(absolute)"
        }
        return nil
    }

    private func isDirectory(_ path: String) -> Bool {
        guard let directory = opendir(path) else { return errno == EACCES }
        closedir(directory)
        return true
    }
}
