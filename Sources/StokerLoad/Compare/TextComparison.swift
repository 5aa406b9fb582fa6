internal import StokerCore

/// The comparison for a terminal.
package enum TextComparison {
    /// The comparison's text.
    package static func render(_ comparison: Comparison, isColoured: Bool = false, width: Int? = nil) -> String {
        let style = TextStyle(isColoured: isColoured, width: width)
        var lines: [String] = []
        for (name, report) in [("before", comparison.before), ("after", comparison.after)] {
            let label = report.run.label.map { " " + SafeText.escaped($0) } ?? ""
            let words = "\(SafeText.escaped(report.plan.target)), \(report.plan.arrival), \(report.run.startedAt)"
            lines.append("\(style.paint(name, .strong)) run \(SafeText.escaped(report.run.id))\(label)  \(words)")
        }
        if !comparison.obstacles.isEmpty { lines.append(style.paint("not comparable because", .bad)) }
        lines += comparison.obstacles.map { "  " + SafeText.escaped($0) }
        return lines.joined(separator: "\n") + "\n\n" + table(comparison).rendered(style)
    }

    private static func table(_ comparison: Comparison) -> Table {
        let columns: [Table.Column] = [
            .init("FIGURE"), .init("UNIT"), .init("BEFORE", .right), .init("AFTER", .right), .init("CHANGE", .right),
            .init("95% INTERVAL", .right), .init(""),
        ]
        let rows = comparison.rows.map { row -> [Table.Cell] in
            [
                .init(row.name), .init(row.unit, .faint), .init(Figure.significant(row.before)),
                .init(Figure.significant(row.after)), .init(signed(row.change)), .init(interval(of: row)),
                .init(row.judgement.rawValue, row.judgement == .beyondNoise ? .strong : .faint),
            ]
        }
        return Table(columns, rows: rows)
    }

    static func signed(_ share: Double) -> String { (share > 0 ? "+" : "") + Figure.percent(share) }

    static func interval(of row: Comparison.Row) -> String {
        guard let low = row.low, let high = row.high else { return "" }
        return "\(signed(low)) to \(signed(high))"
    }
}
