/// The report in a paragraph, for those who will read nothing else of it.
enum PlainReading {
    static func words(_ report: LoadReport) -> String {
        guard report.counts.ok > 0 else {
            return "No request succeeded: nothing was measured. \(cause(report))"
        }
        return [trust(report), amount(report), wait(report), promise(report), failures(report), course(report)]
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func cause(_ report: LoadReport) -> String {
        report.errors.first.map { "Most ended as \($0.outcome.rawValue)." } ?? ""
    }

    private static func trust(_ report: LoadReport) -> String {
        switch report.verdict.level {
        case .valid: "The generator kept up, so the figures are the server's."
        case .suspect: "The generator had trouble keeping up: take the figures with care, for the reasons below."
        case .invalid:
            "The generator was the bottleneck: the figures say little about the server. See the reasons below."
        }
    }

    private static func amount(_ report: LoadReport) -> String {
        let tokens = report.rates.outputTokens
        let output = tokens > 0 ? " and \(Figure.fixed(tokens, 0)) output tokens" : ""
        return "The server answered \(Figure.significant(report.rates.requests)) requests\(output) a second."
    }

    private static func wait(_ report: LoadReport) -> String {
        guard let ttft = report.distribution(of: .ttft), let middle = ttft.quantiles.first?.value else { return "" }
        let rare = ttft.quantiles.last { $0.value != nil && $0.fraction <= 0.99 && $0.fraction > 0.5 }
        let tail = rare.flatMap { quantile in
            quantile.value.map { ", and \(Figure.short(quantile.fraction * 100))% within \(Figure.milliseconds($0))" }
        }
        return "Half of the users saw a first token within \(Figure.milliseconds(middle))\(tail ?? "")."
    }

    private static func promise(_ report: LoadReport) -> String {
        guard !report.objective.isEmpty, let share = report.rates.attainment else { return "" }
        return "\(Figure.percent(share)) of requests kept every bound of the objective."
    }

    private static func failures(_ report: LoadReport) -> String {
        guard report.counts.bad > 0, let share = report.rates.errorRate else { return "No request failed." }
        return "\(Figure.count(report.counts.bad)) requests (\(Figure.percent(share))) failed. \(cause(report))"
    }

    private static func course(_ report: LoadReport) -> String {
        guard let steady = report.steadiness, steady.from == nil else { return "" }
        return
            "The run never became steady (\(steady.drifting.joined(separator: " and ")) went on changing): a longer one "
            + "would give other figures."
    }
}
