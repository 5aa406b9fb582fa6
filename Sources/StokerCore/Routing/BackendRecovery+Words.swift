/// What people are told of it.
extension BackendRecovery {
    /// Whether it would be ejected if another backend served its model: the gateway fails open.
    package var isSpared: Bool { isWorking && streak >= Patience.failures }

    /// Its state as `stoker status` and the API have it.
    package var stateName: String {
        switch state {
        case .working: warmUp.isOver ? "working" : "warming-up"
        case .dead: "dead"
        case .proving: "proving"
        case .ejected: "ejected"
        case .onTrial: "on-trial"
        }
    }

    /// Why it is out of rotation, as a clause; nil while it is not.
    ///
    /// - Parameter failure: what it failed with last.
    package func trouble(after failure: String?) -> String? {
        let cause = failure.map { " (\($0))" } ?? ""
        switch state {
        case .working: return nil
        case .dead: return failure ?? "connection failed"
        case .proving:
            let time = Patience.proving(relapses).text
            return "it answers again, but must do so for \(time): it did not last before\(cause)"
        case .ejected: return "ejected after \(streak) bad answers in a row\(cause)"
        case .onTrial: return "on trial after \(streak) bad answers in a row\(cause)"
        }
    }

    /// What its place in the rotation is drawn from, a fact a line.
    package var proof: [String] {
        switch state {
        case .working: return warmUp.isOver ? [] : ["share: \(warmUp.share * 100 / Balancer.fullShare) %"]
        case .dead, .proving:
            guard relapses > 0 else { return ["state: \(stateName)"] }
            let time = Patience.proving(relapses).text
            return ["state: \(stateName)", "relapses: \(relapses)", "has to answer for: \(time)"]
        case .ejected, .onTrial:
            return [
                "state: \(stateName)", "bad answers in a row: \(streak)", "ejections: \(ejections)",
                "left alone for: \(Patience.ejection(ejections).text)",
            ]
        }
    }
}
