import ArgumentParser
import StokerCore
import StokerLoad
import StokerStore

/// `stoker drill report`: what was drilled, and what really happened.
struct DrillReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show the history of drills, or of failovers, newest first.",
        discussion: """
            Read from the state directory, with or without a daemon. The HTML page is one file without scripts, for the
            screen and for paper.

            EXAMPLES
              stoker drill report
              stoker drill report --failovers --json
              stoker drill report --html drills.html

            EXIT CODES
              0 fine, 2 the records cannot be read
            """)

    @OptionGroup var option: ConfigOption

    @Flag(help: "Show every failover instead, also those that nobody had ordered.")
    var failovers = false

    @Option(name: [.customShort("n"), .long], help: "Only the newest so many, 1 to 10000.")
    var limit = 100

    @Flag(help: "Print the records as JSON; times are milliseconds since 1970.")
    var json = false

    @Option(help: ArgumentHelp("Write the history as a page.", valueName: "file"), completion: .file())
    var html: String?

    func validate() throws {
        if !(1...10_000).contains(limit) { throw ValidationError("--limit is 1 to 10000") }
    }

    func run() throws {
        let path = try option.places().continuityDatabase
        do {
            let failovers = try ContinuityStore.failovers(path: path, limit: limit)
            let drills = try ContinuityStore.drills(path: path, limit: limit)
            if let html { try LoadOutput.write(DrillPage.render(drills, failovers: failovers), to: html) }
            if json {
                if self.failovers { return try Terminal.writeJSON(failovers, pretty: true) }
                return try Terminal.writeJSON(drills, pretty: true)
            }
            if html == nil { show(drills, failovers) }
        } catch let error as EventStoreError {
            throw Refusal.of("drill report", "\(error)")
        } catch let error as LoadError {
            throw Refusal.of("drill report", error.message)
        }
    }

    private func show(_ drills: [DrillRecord], _ failovers: [FailoverRecord]) {
        if self.failovers {
            guard !failovers.isEmpty else { return Terminal.write("no failover was recorded yet\n") }
            for record in failovers {
                let time = TimeText.dateAndTime(record.at, utcOffset: Terminal.utcOffset(at: record.at))
                Terminal.write("\(time) \(SafeText.escaped("\(record.model): \(record.sentence)"))\n")
            }
        } else {
            guard !drills.isEmpty else {
                return Terminal.write("no drill was recorded yet; try: stoker drill kill NAME\n")
            }
            for record in drills {
                Terminal.write(DrillText(record, utcOffset: Terminal.utcOffset(at: record.startedAt)).text)
            }
        }
    }
}
