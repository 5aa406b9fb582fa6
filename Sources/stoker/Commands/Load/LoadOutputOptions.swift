import ArgumentParser
import StokerLoad

/// What is told, and where.
struct LoadOutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Live view on standard error: tui, plain or none. Default: tui on a terminal.", valueName: "form"))
    var ui: String?

    @Flag(help: "The same as --ui plain.")
    var noTui = false

    @Flag(name: .shortAndLong, help: "The same as --ui none.")
    var quiet = false

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Write the report in all forms into this directory.", valueName: "directory"),
        completion: .directory)
    var outputDir: String?

    @Option(
        help: ArgumentHelp("Write JSON to a file; - is standard output, instead of the text.", valueName: "path"),
        completion: .file())
    var json: String?

    @Option(help: ArgumentHelp("Write a table.", valueName: "path"), completion: .file())
    var csv: String?

    @Option(help: ArgumentHelp("Write one self-contained page.", valueName: "path"), completion: .file())
    var html: String?

    @Option(
        help: ArgumentHelp(
            "Write histograms (HdrHistogram log V2), to be merged by `stoker load report`.", valueName: "path"),
        completion: .file())
    var hdr: String?

    @Option(help: ArgumentHelp("A block that is computed another tool's way as well: vllm.", valueName: "tool"))
    var compat: String?

    @Option(help: ArgumentHelp("A name for the run.", valueName: "text"))
    var label: String?

    @Option(help: ArgumentHelp("A fact to keep with the run; may be repeated.", valueName: "name=value"))
    var metadata: [String] = []

    @Option(help: ArgumentHelp("Serve /metrics here while the run lasts: 127.0.0.1:9464.", valueName: "host:port"))
    var prometheusAddr: String?
}
