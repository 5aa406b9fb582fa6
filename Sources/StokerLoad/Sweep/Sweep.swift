/// The search for the highest level that a server takes: a machine that is told what one step measured and says which
/// comes next.
package struct Sweep: Sendable {
    /// What to do now.
    package enum Step: Sendable, Equatable {
        case run(level: Double)
        case done(SweepResult)
    }

    /// Enough for any doubling and halving; a search that wants more follows noise.
    package static let mostSteps = 40
    /// A server that gives back less than this of what it is offered does not keep up.
    package static let keepsUp = 0.95
    /// Goodput that grows by less than this of what load grew is at its end.
    package static let leastGain = 0.1

    private let plan: SweepPlan
    private var points: [SweepPoint] = []
    /// Highest level that was taken.
    private var taken: SweepPoint?
    /// Lowest level that was not, and why.
    private var broken: SweepResult.Break?
    /// Levels of the plan that are still to come, of given ones.
    private var rest: [Double]

    package init(_ plan: SweepPlan) {
        self.plan = plan
        switch plan.levels {
        case .given(let levels): rest = levels.filter { $0.isFinite && $0 > 0 }.sorted()
        case .search(let start, let limit, _): rest = [Self.sensible(min(start, limit), plan.unit)]
        }
    }

    /// The first step.
    package mutating func begin() -> Step {
        guard !rest.isEmpty else { return .done(result(.nothingToDo)) }
        return .run(level: rest.removeFirst())
    }

    /// Takes in what a step measured.
    package mutating func handle(_ point: SweepPoint) -> Step {
        points.append(point)
        guard point.verdict.level != .invalid else {
            return .done(result(.invalid(level: point.level, reason: Self.worst(point.verdict))))
        }
        if case .unknown(let bound)? = plan.objective.complaint(about: point) {
            return .done(result(.tooFew(level: point.level, requests: point.requests, bound: bound)))
        }
        let reason = reason(against: point)
        if let reason {
            if point.level < broken?.level ?? .infinity { broken = .init(level: point.level, reason: reason) }
        } else if point.level > taken?.level ?? 0, point.level < broken?.level ?? .infinity {
            // Noise can break a level and spare a higher one; then the lower one counts.
            taken = point
        }
        guard points.count < Self.mostSteps else { return .done(result(.found)) }
        return next(after: point, reason)
    }

    private mutating func next(after point: SweepPoint, _ reason: SweepResult.Reason?) -> Step {
        switch plan.levels {
        case .given:
            // Later steps only take longer when the server falls behind for ever; else they are the curve's.
            guard !rest.isEmpty, reason != .diverging else { return .done(result(broken == nil ? .limit : .found)) }
            return .run(level: rest.removeFirst())
        case .search(let start, let limit, let resolution):
            // Between two levels of a closed loop, where goodput levels off, lies nothing to be halved.
            if case .saturated = reason, plan.unit == .users { return .done(result(.found)) }
            guard let broken else {
                let level = Self.sensible(min(point.level * 2, limit), plan.unit)
                return level > point.level ? .run(level: level) : .done(result(.limit))
            }
            let low = taken?.level ?? 0
            let least = max(plan.unit == .users ? 1 : 0, max(start, broken.level) * max(0.001, resolution))
            guard broken.level - low > least else { return .done(result(.found)) }
            let middle = Self.sensible((low + broken.level) / 2, plan.unit)
            return middle > low && middle < broken.level ? .run(level: middle) : .done(result(.found))
        }
    }

    /// Why a level does not count as taken; nil when it does.
    private func reason(against point: SweepPoint) -> SweepResult.Reason? {
        if case .broken(let bound, let value)? = plan.objective.complaint(about: point) {
            return .bound(bound: bound, value: value)
        }
        if point.isDiverging { return .diverging }
        // Completions count here and not goodput: a request that is late by the objective was served all the same.
        if plan.unit == .rate {
            let keepsUp = point.requestRate >= point.level * Self.keepsUp
            return keepsUp ? nil : .saturated(before: point.level, after: point.requestRate)
        }
        // With a bound on time, more users may well wait longer and still be within it.
        guard !plan.objective.boundsTime,
            let before = points.filter({ $0.level < point.level }).max(by: { $0.level < $1.level })
        else { return nil }
        let gain = (point.goodput - before.goodput) / max(before.goodput, .leastNormalMagnitude)
        let isFlat = gain < Self.leastGain * (point.level / before.level - 1)
        return isFlat ? .saturated(before: before.goodput, after: point.goodput) : nil
    }

    private func result(_ ending: SweepResult.Ending) -> SweepResult {
        SweepResult(
            unit: plan.unit, objective: plan.objective, points: points.sorted { $0.level < $1.level }, taken: taken,
            broken: broken, ending: ending)
    }

    private static func worst(_ verdict: Verdict) -> String {
        verdict.reasons.max { $0.level < $1.level }?.text ?? "no reason was given"
    }

    /// Whole users; rates to a digit that means something.
    private static func sensible(_ level: Double, _ unit: SweepPlan.Unit) -> Double {
        guard level.isFinite, level > 0 else { return 1 }
        switch unit {
        case .users: return max(1, level.rounded())
        case .rate: return level >= 10 ? (level * 10).rounded() / 10 : max(0.001, (level * 1000).rounded() / 1000)
        }
    }
}
