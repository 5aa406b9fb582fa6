import ArgumentParser
import Foundation
import StokerCore
import StokerLoad

/// What all drills have in common: whom, for how long, under which load, and whether to ask.
struct DrillOptions: ParsableArguments {
    @Argument(
        help: "Name of the process; for a site several, with commas.",
        completion: .custom { _, _, _ in DaemonOption.processNames() })
    var name: String

    @Option(
        help: ArgumentHelp(
            "Users of a closed loop that ask the gateway meanwhile; 0: only real traffic is measured.",
            valueName: "users"))
    var underLoad = 2

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long a hang or a drain lasts, 1s to 5m.", valueName: "duration"),
        transform: { text in
            guard let duration = Duration(text: text) else {
                throw ValidationError("\(text) is not a duration; write 10s or 2m")
            }
            return duration
        })
    var lasts = Duration.seconds(10)

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Print the record as JSON.")
    var json = false

    func carryOut(_ kind: DrillOrder.Kind, _ client: ControlClient) async throws {
        let order = DrillOrder(
            kind, targets: name.split(separator: ",").map(String.init), lasts: lasts, users: underLoad,
            caller: Self.caller)
        let plan = try await client.checkDrill(order)
        try confirm(plan)
        let record = try await result(of: DrillSession(order: order, plan: plan, client: client, isQuiet: json))
        if json {
            try Terminal.writeJSON(record, pretty: true)
        } else {
            Terminal.write(DrillText(record, utcOffset: Terminal.utcOffset(at: record.startedAt)).text)
        }
        if record.verdict != .pass { throw ExitCode(1) }
    }

    private func result(of session: DrillSession) async throws -> DrillRecord {
        do {
            return try await session.run()
        } catch let error as LoadError {
            Refusal.note("drill", error.message)
            throw ExitCode(1)
        }
    }

    /// Asks the person, who must say yes in words.
    private func confirm(_ plan: DrillPlan) throws {
        guard !yes else { return }
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw Refusal.of("drill", "no terminal to ask on; try: --yes")
        }
        let question = plan.lines.map { "  \(SafeText.escaped($0))\n" }.joined() + "Do it? [yes/no] "
        FileHandle.standardError.write(Data(question.utf8))
        guard readLine()?.lowercased() == "yes" else { throw Refusal.of("drill", "nothing was done") }
    }

    private static var caller: DrillOrder.Caller {
        let uid = getuid()
        let name = getpwuid(uid).map { String(cString: $0.pointee.pw_name) }
        return DrillOrder.Caller(name: name ?? ProcessInfo.processInfo.environment["USER"] ?? "?", uid: Int(uid))
    }
}
