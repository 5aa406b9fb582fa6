extension Plan {
    /// A model's processes by tier, best first: backends, standbys of this site, those of other sites; none is empty.
    package func tiers(of model: ModelPlan) -> [[String]] {
        let isHere = { (name: String) in self.process(named: name)?.site == nil }
        return [model.backends, model.standby.filter(isHere), model.standby.filter { !isHere($0) }]
            .filter { !$0.isEmpty }
    }
}

/// Who stands behind whom: what `StandbyMachine` needs of a plan.
package struct StandbyPlan: Sendable, Equatable {
    /// One model's tiers, from its backends down.
    struct Ladder: Sendable, Equatable {
        var model: String
        var backends: [String]
        /// Standbys of this site that run all the time.
        var warm: [String]
        /// In the order in which they are tried.
        var cold: [String]
        /// Standbys of other sites.
        var away: [String]
        /// How long the backends must have been whole before a cold standby steps back.
        var failback: Duration
        /// Most that a cold standby is waited for to finish what it is working on.
        var drain: Duration

        /// Whoever of this site serves without anybody having to start it.
        var above: [String] { backends + warm }
    }

    var ladders: [Ladder]
    /// All cold standbys, in the order of the file.
    var cold: [String]
    /// What only one process may hold at a time, by process.
    var resources: [String: String]
    /// Processes that Stoker starts by itself or by order; the rest is only watched.
    var managed: Set<String>
    /// By cold standby: the files that it will load.
    var modelFiles: [String: [String]]
    private var modes: [String: StandbyMode]
    private var sites: [String: String]

    /// What the plan says of standbys.
    package init(_ plan: Plan) {
        let all = plan.processes
        let isCold = { (name: String) in plan.process(named: name)?.standby == .cold }
        ladders = plan.models.filter { !$0.standby.isEmpty }.map { model in
            let here = model.standby.filter { plan.process(named: $0)?.site == nil }
            return Ladder(
                model: model.name, backends: model.backends, warm: here.filter { !isCold($0) },
                cold: here.filter(isCold), away: model.standby.filter { !here.contains($0) },
                failback: model.failback, drain: model.deadlines.answer)
        }
        cold = all.map(\.name).filter(isCold)
        resources = Dictionary(all.compactMap { process in process.exclusive.map { (process.name, $0) } }) { a, _ in a }
        managed = Set(all.filter(\.isManaged).map(\.name))
        modelFiles = Dictionary(
            all.filter { $0.standby == .cold }.map { ($0.name, ModelFile.paths(of: $0)) }
        ) { a, _ in a }
        modes = Dictionary(all.compactMap { process in process.standby.map { (process.name, $0) } }) { a, _ in a }
        sites = Dictionary(all.compactMap { process in process.site.map { (process.name, $0) } }) { a, _ in a }
    }

    /// Whether no model has a standby: then there is nothing to decide.
    package var isEmpty: Bool { ladders.isEmpty }

    /// How ready the process is kept; nil when it is nobody's standby.
    func mode(of process: String) -> StandbyMode? { modes[process] }

    /// Where it stands; nil: here.
    func site(of process: String) -> String? { sites[process] }

    /// The models that a cold standby stands behind.
    func ladders(over standby: String) -> [Ladder] { ladders.filter { $0.cold.contains(standby) } }
}
