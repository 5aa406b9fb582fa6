/// What a sweep found: written as JSON where `doctor` and the dashboards find it.
package struct SweepResult: Sendable, Equatable, Codable {
    /// Why a level was not taken.
    package enum Reason: Sendable, Equatable, Codable {
        case bound(bound: SweepObjective.Bound, value: Double)
        /// In flight and TTFT rose without end.
        case diverging
        /// Rates: offered and completed. Users: goodput at the level below and at this one.
        case saturated(before: Double, after: Double)
    }

    /// The lowest level that was not taken.
    package struct Break: Sendable, Equatable, Codable {
        package var level: Double
        package var reason: Reason

        package init(level: Double, reason: Reason) {
            self.level = level
            self.reason = reason
        }
    }

    /// How the search ended.
    package enum Ending: Sendable, Equatable, Codable {
        /// The answer lies between what was taken and what was not.
        case found
        /// Everything that was to be tried was taken.
        case limit
        /// The generator could not measure: no step beyond it means anything.
        case invalid(level: Double, reason: String)
        /// Too few requests for a percentile that the objective needs.
        case tooFew(level: Double, requests: Int, bound: SweepObjective.Bound)
        case nothingToDo
    }

    /// `stoker-sweep/1`: a reader that finds another one knows that it may not understand.
    package var schema = "stoker-sweep/1"
    package var unit: SweepPlan.Unit
    package var objective: SweepObjective
    /// All steps, by level.
    package var points: [SweepPoint]
    /// The highest level that was taken; nil: none.
    package var taken: SweepPoint?
    package var broken: Break?
    package var ending: Ending
    /// The answer in a sentence or two.
    package var answer: String

    package init(
        unit: SweepPlan.Unit, objective: SweepObjective, points: [SweepPoint], taken: SweepPoint? = nil,
        broken: Break? = nil, ending: Ending
    ) {
        self.unit = unit
        self.objective = objective
        self.points = points
        self.taken = taken
        self.broken = broken
        self.ending = ending
        answer = ""
        answer = SweepText.answer(self)
    }

    /// Whether the number can be relied upon: the search ended by itself, and not for want of measurement.
    package var isAnswered: Bool { ending == .found && taken != nil }
}
