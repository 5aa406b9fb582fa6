import StokerCore
import StokerLoad

/// Carries a search out: asks the machine for the next level, runs it, tells it what was measured.
struct SweepJob {
    let plan: SweepPlan
    let planning: LoadPlanning
    let output: LoadOutputOptions
    var thinkTime: String?
    var spacing: String?

    /// What was found.
    struct Outcome {
        var result: SweepResult
        /// Of the highest level that was taken, else the last; nil when nothing ran.
        var report: LoadReport?
        var exit: LoadExit
    }

    func run() async throws(LoadError) -> Outcome {
        var machine = Sweep(plan)
        var step = machine.begin()
        var reports: [Double: LoadReport] = [:]
        var last: LoadReport?
        while case .run(let level) = step {
            Refusal.note("load sweep", "\(plan.unit == .users ? "users" : "requests a second"): \(Figure.short(level))")
            let report = try await measure(level)
            (reports[level], last) = (report, report)
            guard report.run.ending != .interrupted else { return interrupted(last) }
            step = machine.handle(SweepPoint(report, level: level))
        }
        guard case .done(let result) = step else { return interrupted(last) }
        return outcome(result, reports: reports, last: last)
    }

    private func outcome(_ result: SweepResult, reports: [Double: LoadReport], last: LoadReport?) -> Outcome {
        var report = result.taken.flatMap { reports[$0.level] } ?? last
        report?.sweep = result.points.compactMap { point in
            reports[point.level].map {
                SweepStep(
                    $0, level: point.level, unit: plan.unit.rawValue,
                    isWithin: point.level <= result.taken?.level ?? 0)
            }
        }
        var exit = result.taken == nil ? LoadExit.nothingSucceeded : .ok
        if case .invalid = result.ending { exit = .invalid }
        return Outcome(result: result, report: report, exit: exit)
    }

    private func interrupted(_ last: LoadReport?) -> Outcome {
        let result = SweepResult(unit: plan.unit, objective: plan.objective, points: [], ending: .nothingToDo)
        return Outcome(result: result, report: last, exit: .interrupted)
    }

    private func measure(_ level: Double) async throws(LoadError) -> LoadReport {
        var order = ArrivalOrder()
        if plan.unit == .users {
            order.users = "\(Int(level))"
            order.thinkTime = thinkTime
        } else {
            order.rate = "\(level)"
            order.spacing = spacing
        }
        let plan = try await planning.plan(try order.arrival())
        return try await LoadJob(plan: plan, output: output, objective: ObjectiveOrder()).run().report
    }
}
