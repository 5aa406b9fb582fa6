package import StokerCore
import StokerNet

/// The files of a certificate and its key: what they hold now, and what is wrong with it.
package struct CertificateFiles: Sendable {
    let paths: GatewayTLS

    package init(_ paths: GatewayTLS) { self.paths = paths }

    /// What a person should know before the gateway uses them.
    package enum Finding: Sendable, Equatable {
        /// The gateway cannot serve with them; `key` is the config's key of the file that is to blame.
        case unusable(key: String, message: String, hint: String)
        /// Clients refuse the certificate now, because of its dates.
        case invalidNow(message: String, hint: String)
    }

    /// Reads the files as the gateway would; nil: all is well.
    package func finding(at now: Timestamp) -> Finding? {
        do throws(TLSFault) {
            return judge(try load().validity, now: now.milliseconds / 1000)
        } catch {
            let isKey = error.file == paths.key
            let verify = isKey ? "openssl pkey -noout -in \(paths.key)" : "openssl x509 -noout -in \(paths.certificate)"
            return .unusable(
                key: isKey ? "key" : "certificate",
                message: "the gateway's \(isKey ? "key" : "certificate") cannot be used: \(error)", hint: verify)
        }
    }

    private func judge(_ validity: ClosedRange<Int64>, now: Int64) -> Finding? {
        guard !validity.contains(now) else { return nil }
        let isOver = now > validity.upperBound
        let moment = Timestamp(milliseconds: (isOver ? validity.upperBound : validity.lowerBound) * 1000)
        return .invalidNow(
            message: isOver
                ? "the gateway's certificate has expired, \(TimeText.dateAndTime(moment, utcOffset: 0)) UTC: clients refuse it"
                : "the gateway's certificate is not valid before \(TimeText.dateAndTime(moment, utcOffset: 0)) UTC: clients refuse it",
            hint: isOver ? "renew \(paths.certificate), then stoker reload" : "date")
    }

    func load() throws(TLSFault) -> TLSServer { try TLSServer(certificate: paths.certificate, key: paths.key) }

    /// Tells whether they have changed; nil for a file that is not there.
    var stamps: [FileStamp?] { [FileStamp(paths.certificate), FileStamp(paths.key)] }
}
