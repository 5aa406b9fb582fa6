package import StokerCore

/// How one exam went.
package struct ExamResult: Sendable, Equatable {
    package var name: String
    package var findings: [ExamFinding]
    /// Why it could not be held; nil: it was.
    package var obstacle: String?

    package init(name: String, findings: [ExamFinding] = [], obstacle: String? = nil) {
        self.name = name
        self.findings = findings
        self.obstacle = obstacle
    }

    /// An exam without a single comparison proves nothing.
    package var isPassed: Bool { obstacle == nil && !findings.isEmpty && findings.allSatisfy(\.isPassed) }

    /// The table of all, and the sum in one line.
    package static func text(of results: [ExamResult], _ style: TextStyle) -> String {
        var table = Table([
            Table.Column("EXAM"), Table.Column("WHAT"), Table.Column("EXPECTED", .right), Table.Column("SEEN", .right),
            Table.Column(""),
        ])
        for result in results {
            if let obstacle = result.obstacle {
                table.rows.append([Table.Cell(result.name), Table.Cell(obstacle), "", "", Table.Cell("FAIL", .bad)])
            }
            for (index, finding) in result.findings.enumerated() {
                let mark = finding.isPassed ? Table.Cell("ok", .good) : Table.Cell("FAIL", .bad)
                table.rows.append([
                    Table.Cell(index == 0 ? result.name : ""), Table.Cell(finding.what), Table.Cell(finding.expected),
                    Table.Cell(finding.seen), mark,
                ])
            }
        }
        let failed = results.filter { !$0.isPassed }.count
        let sum =
            failed == 0
            ? style.paint("All \(results.count) exams passed.", .good)
            : style.paint("\(failed) of \(results.count) exams failed.", .bad)
        return table.rendered(style) + "\n\(sum)\n"
    }
}
