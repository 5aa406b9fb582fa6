import ArgumentParser
import StokerAdmin
import StokerCore

/// `stoker logs`: what the processes wrote, read from their files; the daemon is not asked.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what processes wrote to standard output and standard error.",
        discussion: """
            Read from the files, so this works without the daemon. On a terminal, colours are left out and other control
            characters are shown as text; a pipe gets every byte.

            EXAMPLES
              stoker logs deepseek-a                     # the last 100 lines
              stoker logs -f deepseek-a knowledge
              stoker logs --all -n 20                    # of each process, the gateway included
              stoker logs deepseek-a -n 100000 | grep -i 'out of memory'

            EXIT CODES
              0 fine, 1 nothing was written yet, 2 no such process
            """)

    /// How often files are looked at; inotify would save the looking, and cost a watch for each of them.
    private static let pollInterval = Duration.milliseconds(200)

    @OptionGroup var option: ConfigOption

    @Argument(help: "Names of processes.", completion: .custom { _, _, _ in DaemonOption.processNames() })
    var names: [String] = []

    @Flag(help: "Show every process.")
    var all = false

    @Option(name: [.customShort("n"), .long], help: "How many of the last lines to show of each, 0 to 10 million.")
    var lines = 100

    @Flag(name: .shortAndLong, help: "Go on and show lines as they are written, until interrupted.")
    var follow = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        guard all == names.isEmpty else { throw ValidationError("name one or more processes, or give --all") }
        guard (0...10_000_000).contains(lines) else { throw ValidationError("--lines is 0 to 10000000") }
    }

    func run() async throws {
        let plan = try option.places()
        let logs = try followed(in: plan)
        for log in logs {
            log.reader.readLast(lines) { log.show($0) }
            if !follow { log.showRest() }
        }
        guard follow else {
            if logs.contains(where: { $0.reader.exists }) { return }
            Refusal.note("logs", "nothing was written yet to \(plan.logPath(of: names.first ?? "*"))")
            throw ExitCode(1)
        }
        while true {
            try await Task.sleep(for: Self.pollInterval)
            for log in logs { log.reader.readAdded { log.show($0) } }
        }
    }

    private func followed(in plan: Plan) throws -> [FollowedLog] {
        let known = plan.processes.map(\.name) + ["gateway"]
        for name in names where !known.contains(name) {
            throw Refusal.of(
                "logs", "no process is named \(SafeText.escaped(name))\n  try: \(known.joined(separator: ", "))")
        }
        let chosen = all ? known : names
        let width = chosen.count > 1 ? chosen.map(DisplayWidth.of).max() : nil
        return chosen.map { name in
            FollowedLog(
                name: name, reader: LogReader(path: plan.logPath(of: name)),
                form: json ? .json : .text(prefixWidth: width, isTerminal: Terminal.isTerminal, Terminal.style))
        }
    }
}

/// One log on its way to standard output.
private final class FollowedLog {
    enum Form {
        case json
        case text(prefixWidth: Int?, isTerminal: Bool, TextStyle)
    }

    let name: String
    let reader: LogReader
    private let form: Form
    private var splitter = LineSplitter()

    init(name: String, reader: LogReader, form: Form) {
        self.name = name
        self.reader = reader
        self.form = form
    }

    func show(_ bytes: ArraySlice<UInt8>) {
        // One write a piece: a line of another process must not come between the halves of one.
        Terminal.write(splitter.lines(adding: bytes).flatMap(rendered))
    }

    /// A last line without an end, once nothing more can come.
    func showRest() {
        if let rest = splitter.rest() { Terminal.write(rendered(rest)) }
    }

    private func rendered(_ bytes: [UInt8]) -> [UInt8] {
        let line = LogLine(process: name, bytes: bytes)
        switch form {
        case .json: return (try? line.json()) ?? []
        case .text(let prefixWidth, let isTerminal, let style):
            return line.rendered(prefixWidth: prefixWidth, isTerminal: isTerminal, style)
        }
    }
}
