/// What a person said about which requests are good, and which runs.
package struct ObjectiveOrder: Sendable, Equatable {
    package var goodput: [String] = []
    /// The name of a preset.
    package var slo: String?
    package var thresholds: [String] = []
    package var abortOn: String?

    package init() {}

    /// What makes a request a good one; a bound of `--goodput` goes before that of the preset.
    package func objective() throws(LoadError) -> Objective {
        let own = try Objective(goodput: goodput, flag: "--goodput")
        guard let slo else { return own }
        return own.or(try Objective(preset: slo, flag: "--slo"))
    }
}
