import StokerConfig
import StokerCore
import StokerGateway

/// What is to be said of the gateway's certificate before it is shown to anybody, at its place in the config.
struct CertificateReview {
    /// The gateway could not use it.
    private(set) var errors: [ConfigError] = []
    /// Clients would refuse it.
    private(set) var warnings: [ConfigError] = []

    /// Reads the certificate files of the plan that was read from `path`.
    init(plan: Plan, path: String, now: Timestamp) {
        guard let tls = plan.gateway.tls else { return }
        let place = { ConfigReader.place(of: ["gateway", "tls", $0], path: path) }
        switch CertificateFiles(tls).finding(at: now) {
        case nil: break
        case .unusable(let key, let message, let hint):
            errors = [ConfigError(place: place(key), code: .badCertificate, message: message, hint: hint)]
        case .invalidNow(let message, let hint):
            warnings = [ConfigError(place: place("certificate"), code: .badCertificate, message: message, hint: hint)]
        }
    }
}
