import ArgumentParser
import StokerLoad

/// `stoker load report`: an old report in another form, or the logs of several machines as one.
struct LoadReportCommand: LoadSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Turn a JSON report into other forms, or merge the .hlog files of several machines.",
        discussion: """
            Histograms are added, percentiles never averaged: the merged report is that of one machine with the speed of
            all. Thresholds are judged anew.

            EXAMPLES
              stoker load report report.json --html report.html --csv report.csv
              stoker load report shard-1.hlog shard-2.hlog shard-3.hlog -o merged --threshold 'p99(ttft)<2s'

            EXIT CODES
              as stoker load run
            """)

    @Argument(help: ArgumentHelp("One .json, or .hlog files.", valueName: "file"), completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("What the run must meet, else exit 99; may be repeated.", valueName: "condition"))
    var threshold: [String] = []

    @OptionGroup(title: "Output") var output: LoadOutputOptions

    func perform() async throws(LoadError) -> LoadExit {
        let writer = try LoadOutput(output)
        var thresholds: [Threshold] = []
        for text in threshold { thresholds.append(try Threshold(parsing: text)) }
        let (report, log) = try report(thresholds)
        try writer.write(report, log: log)
        return LoadExit(rawValue: report.exitStatus) ?? .ok
    }

    private func report(_ thresholds: [Threshold]) throws(LoadError) -> (LoadReport, HistogramLog?) {
        guard files.count > 1 || files.first?.hasSuffix(".json") != true else {
            var report = try LoadFiles.report(path: files[0])
            if !thresholds.isEmpty { report.thresholds = thresholds.map { $0.check(report) } }
            report.exitStatus =
                LoadExit.of(
                    report.run.ending, succeeded: report.counts.ok, verdict: report.verdict.level,
                    thresholds: report.thresholds
                ).rawValue
            return (report, nil)
        }
        if let json = files.first(where: { $0.hasSuffix(".json") }) {
            throw LoadError(
                "\(json): reports do not merge, their percentiles would have to be averaged; give the .hlog files")
        }
        var logs: [HistogramLog] = []
        for path in files { logs.append(try LoadFiles.log(path: path)) }
        let log = try HistogramLog.merged(logs)
        return (ReportBuilder.build(log.tally, plan: log.plan, run: log.run, thresholds: thresholds), log)
    }
}
