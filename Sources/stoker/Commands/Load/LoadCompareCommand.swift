import ArgumentParser
import StokerCore
import StokerLoad

/// `stoker load compare`: two reports side by side.
struct LoadCompareCommand: LoadSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two reports, and say which differences are more than noise.",
        discussion: """
            Runs of different work are not comparable; what differs is named first.

            EXAMPLES
              stoker load compare before/report.json after/report.json
              stoker load compare before/report.json after/report.json --html compared.html

            EXIT CODES
              0 comparable, 1 not comparable, 2 usage
            """)

    @Argument(help: ArgumentHelp("The report of the run before.", valueName: "before.json"), completion: .file())
    var before: String

    @Argument(help: ArgumentHelp("The report of the run after.", valueName: "after.json"), completion: .file())
    var after: String

    @Option(help: ArgumentHelp("Write one self-contained page.", valueName: "path"), completion: .file())
    var html: String?

    func perform() async throws(LoadError) -> LoadExit {
        let comparison = Comparison(
            before: try LoadFiles.report(path: before), after: try LoadFiles.report(path: after))
        let style = Terminal.style
        Terminal.write(TextComparison.render(comparison, isColoured: style.isColoured, width: style.width))
        if let html { try LoadOutput.write(HTMLComparison.render(comparison), to: html) }
        return comparison.obstacles.isEmpty ? .ok : .nothingSucceeded
    }
}
