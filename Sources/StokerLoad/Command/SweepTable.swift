package import StokerCore

/// A search for people: one row a level, and the answer.
package enum SweepTable {
    package static func text(_ result: SweepResult, _ style: TextStyle) -> String {
        var table = Table([
            Table.Column(result.unit == .users ? "USERS" : "RATE", .right), Table.Column("REQ/S", .right),
            Table.Column("TOK/S", .right), Table.Column("TTFT P50", .right), Table.Column("P99", .right),
            Table.Column("TPOT P50", .right), Table.Column("P99", .right), Table.Column("BAD", .right),
            Table.Column("IN FLIGHT", .right), Table.Column(""),
        ])
        for point in result.points {
            let isTaken = point.level <= result.taken?.level ?? 0
            table.rows.append([
                Table.Cell(Figure.short(point.level)), Table.Cell(Figure.significant(point.requestRate)),
                Table.Cell(Figure.significant(point.tokenRate)), time(point.ttftP50), time(point.ttftP99),
                time(point.tpotP50), time(point.tpotP99), Table.Cell(Figure.percent(point.errorRate)),
                Table.Cell(Figure.significant(point.inFlight)),
                point.verdict.level == .invalid
                    ? Table.Cell("INVALID", .bad) : isTaken ? Table.Cell("ok", .good) : Table.Cell("over", .warning),
            ])
        }
        let objective =
            result.objective.text.isEmpty ? "" : style.paint("within \(result.objective.text)", .faint) + "\n"
        return table.rendered(style) + "\n" + objective + style.paint(result.answer, .strong) + "\n"
    }

    /// A time, or a dash where there were too few requests to say.
    private static func time(_ milliseconds: Double?) -> Table.Cell {
        milliseconds.map { Table.Cell(Figure.milliseconds($0)) } ?? Table.Cell("-", .faint)
    }
}
