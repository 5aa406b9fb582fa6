/// A search for how much a server takes.
package struct SweepPlan: Sendable, Equatable {
    /// What is turned up.
    package enum Unit: String, Sendable, CaseIterable, Codable {
        case users
        /// Requests a second.
        case rate
    }

    /// Which levels are tried.
    package enum Levels: Sendable, Equatable {
        /// These, from the lowest.
        case given([Double])
        /// From `start` by doubling up to `limit` until it breaks; then by halving what lies between, until the answer
        /// is known to `resolution` of itself (0.05: to 5 %).
        case search(start: Double, limit: Double, resolution: Double)
    }

    package var unit: Unit
    package var levels: Levels
    /// What must hold; empty: the search is for saturation alone.
    package var objective: SweepObjective

    package init(unit: Unit, levels: Levels, objective: SweepObjective) {
        self.unit = unit
        self.levels = levels
        self.objective = objective
    }
}
