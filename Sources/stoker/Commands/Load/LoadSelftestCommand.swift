import ArgumentParser
import StokerLoad

/// `stoker load selftest`: the instrument is examined.
struct LoadSelftestCommand: LoadSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Examine the instrument: measure a simulator that does exactly what it is told.",
        discussion: """
            Constant times, a frozen server in closed form, arrivals by the server's clock, tokens to the last one, and
            every way to fail. Under a minute; nothing but this machine is needed. A busy machine fails: it is then no
            place to measure from.

            EXAMPLES
              stoker load selftest
              stoker load selftest --only arrivals

            EXIT CODES
              0 all passed, 1 one failed, 2 usage
            """)

    @Option(help: ArgumentHelp("Only exams with this in their name.", valueName: "text"))
    var only: String?

    func perform() async throws(LoadError) -> LoadExit {
        let exams = Exam.all.filter { only.map($0.name.contains) ?? true }
        guard !exams.isEmpty else {
            throw LoadError(
                "--only: no exam has that in its name; try one of \(Exam.all.map(\.name).joined(separator: ", "))")
        }
        var results: [ExamResult] = []
        for exam in exams {
            Refusal.note("load selftest", "\(exam.name): \(exam.claim)")
            results.append(await ExamHall(exam: exam).result())
        }
        Terminal.write(ExamResult.text(of: results, Terminal.style))
        return results.allSatisfy(\.isPassed) ? .ok : .nothingSucceeded
    }
}
