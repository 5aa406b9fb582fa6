internal import StokerCore

/// The words in which a sweep answers.
enum SweepText {
    /// `takes 340 users (12.4 requests/s, 1,910 tokens/s) within ttft p99 <= 2 s; at 380 users ttft p99 was 2.6 s`
    static func answer(_ result: SweepResult) -> String {
        if result.ending == .nothingToDo { return "no level to try" }
        var words = [capacity(result)]
        if let broken = result.broken { words.append(breaking(broken, result.unit)) }
        words += ending(result)
        return words.joined(separator: "; ")
    }

    private static func capacity(_ result: SweepResult) -> String {
        let within = result.objective.bounds.isEmpty ? "" : " within \(result.objective.text)"
        guard let taken = result.taken else {
            let lowest = result.points.first.map { level($0.level, result.unit) } ?? "any level"
            return result.broken == nil ? "no answer" : "does not take \(lowest)\(within)"
        }
        let isBound = result.broken != nil && result.ending == .found
        let rates = result.unit == .users ? "\(number(taken.requestRate)) requests/s, " : ""
        return "takes \(isBound ? "" : "at least ")\(level(taken.level, result.unit)) "
            + "(\(rates)\(number(taken.tokenRate)) tokens/s)\(within)"
    }

    private static func breaking(_ broken: SweepResult.Break, _ unit: SweepPlan.Unit) -> String {
        let place = "at \(level(broken.level, unit))"
        switch broken.reason {
        case .bound(let bound, let value):
            let was = quantity(value, bound.quantity)
            let isClose = was == quantity(bound.atMost, bound.quantity)
            return "\(place) \(bound.quantity.rawValue) was \(isClose ? "just over " : "")\(was)"
        case .diverging: return "\(place) requests in flight and ttft rose without end"
        case .saturated(let before, let after) where unit == .users:
            return "\(place) goodput was \(number(after)) requests/s after \(number(before)): it is saturated"
        case .saturated(_, let after):
            return "\(place) it completed \(number(after)) requests/s: it is saturated"
        }
    }

    private static func ending(_ result: SweepResult) -> [String] {
        switch result.ending {
        case .found, .nothingToDo: []
        case .limit: result.broken == nil ? ["nothing higher was tried"] : []
        case .invalid(let at, let reason):
            ["at \(level(at, result.unit)) the measurement is INVALID, so the search stopped there: \(reason)"]
        case .tooFew(let at, let requests, let bound):
            [
                "at \(level(at, result.unit)) \(requests) requests are too few for \(bound.quantity.rawValue), so the "
                    + "search stopped there: make the steps longer"
            ]
        }
    }

    /// `340 users`, `12.5 requests/s`.
    static func level(_ level: Double, _ unit: SweepPlan.Unit) -> String {
        switch unit {
        case .users: level == 1 ? "1 user" : "\(number(level)) users"
        case .rate: "\(number(level)) requests/s"
        }
    }

    /// A value of what a bound is about: `2.6 s`, `14.5 ms`, `1.5 %`.
    static func quantity(_ value: Double, _ quantity: SweepObjective.Quantity) -> String {
        guard quantity != .errorRate else { return "\(number(value * 100)) %" }
        guard value.isFinite, value < 1e15 else { return "for ever" }
        if value < 1000 { return "\(number(value)) ms" }
        // Two digits after the point: a p99 just beyond its bound should look like it.
        if value < 60_000 { return "\(number((value / 10).rounded() / 100, decimals: 2)) s" }
        return Duration.milliseconds(Int64(value.rounded())).spoken
    }

    /// At most three digits after a small whole part, thousands apart: `0.25`, `12.4`, `1,910`.
    static func number(_ value: Double) -> String {
        number(value, decimals: abs(value) < 1 ? 3 : abs(value) < 100 ? 1 : 0)
    }

    private static func number(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let digits = [1.0, 10, 100, 1000][decimals]
        let scaled = Int64((abs(value) * digits).rounded())
        let fraction = String(scaled % Int64(digits) + Int64(digits)).dropFirst()
        let tail = String(fraction.reversed().drop { $0 == "0" }.reversed())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return sign + grouped(scaled / Int64(digits)) + (tail.isEmpty ? "" : "." + tail)
    }

    private static func grouped(_ value: Int64) -> String {
        var rest = String(value)[...]
        var groups: [Substring] = []
        while !rest.isEmpty {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return groups.joined(separator: ",")
    }
}
