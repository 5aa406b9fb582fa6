import ArgumentParser
import Foundation
import StokerConfig
import StokerCore

/// `stoker run`: the control plane in the foreground.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Start everything that the config names, keep it running, and serve the gateway.",
        discussion: """
            Runs in the foreground until SIGTERM or SIGINT, then stops the gateway (requests in flight finish first) \
            and every process in order. SIGHUP, or `stoker reload`, reads the config again.

              stoker run -c examples/quickstart.yaml

            A bad config, a missing program, a port in use or a second control plane on the same state directory \
            is one line each on standard error, and exit code 2.
            """)

    @OptionGroup var file: ConfigOption

    func run() async throws {
        let program = try Self.ownPath()
        let loader = PlanLoader(
            path: try file.path(),
            reader: ConfigReader(program: program, environment: ProcessInfo.processInfo.environment))
        do {
            let composition = try await Composition(plan: loader.load(), loader: loader, program: program)
            try await composition.run()
        } catch let failure as StartFailure {
            let text = failure.lines.map { $0 + "\n" }.joined()
            FileHandle.standardError.write(Data(text.utf8))
            throw ExitCode(2)
        }
    }

    /// The absolute path of this binary: it starts itself again as the gateway, and its shim lies beside it.
    private static func ownPath() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
