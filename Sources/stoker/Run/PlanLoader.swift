import StokerConfig
import StokerCore

/// Reads the config file and looks for what it names: the same road at the start, at a reload and in a test.
struct PlanLoader: Sendable {
    let path: String
    let reader: ConfigReader

    /// The plan, or every reason why there is none.
    func load() throws(StartFailure) -> Plan {
        let plan: Plan
        do {
            plan = try reader.read(path: path)
        } catch {
            throw StartFailure(error.text)
        }
        let certificate = CertificateReview(plan: plan, path: path, now: .now).errors
        guard certificate.isEmpty else { throw StartFailure(ConfigErrors(file: path, errors: certificate).text) }
        let missing = Preflight(plan: plan).problems()
        guard missing.isEmpty else { throw StartFailure(missing.map { "\(path): \($0)" }) }
        return plan
    }
}
