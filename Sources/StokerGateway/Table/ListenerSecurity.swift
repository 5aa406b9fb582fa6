import StokerCore
import StokerNet

/// How clients are to be spoken to, and with which certificate. Immutable; a renewed certificate makes another.
struct ListenerSecurity: Sendable {
    /// What becomes of a connection that comes in.
    enum Welcome: Sendable {
        case plain
        case tls(TLSServer)
        /// It was to be TLS, and there has never been a certificate that works: nobody is served, least of all in the
        /// clear.
        case nobody
    }

    let welcome: Welcome
    /// Why the files as they are now are not in use; nil when they are.
    let fault: TLSFault?
    private let files: CertificateFiles?
    /// As of just before the files were read: whatever changes later is noticed.
    private let stamps: [FileStamp?]

    /// Plain HTTP.
    static let none = ListenerSecurity(welcome: .plain, fault: nil, files: nil, stamps: [])

    private init(welcome: Welcome, fault: TLSFault?, files: CertificateFiles?, stamps: [FileStamp?]) {
        self.welcome = welcome
        self.fault = fault
        self.files = files
        self.stamps = stamps
    }

    /// Reads the certificate; when that fails, the one before stays, even if it is from other files.
    static func load(_ paths: GatewayTLS?, after before: ListenerSecurity) -> ListenerSecurity {
        guard let paths else { return .none }
        let files = CertificateFiles(paths)
        let stamps = files.stamps
        do throws(TLSFault) {
            return ListenerSecurity(welcome: .tls(try files.load()), fault: nil, files: files, stamps: stamps)
        } catch {
            let welcome = if case .tls = before.welcome { before.welcome } else { Welcome.nobody }
            return ListenerSecurity(welcome: welcome, fault: error, files: files, stamps: stamps)
        }
    }

    /// Whether these are the files, and they are as they were when they were last read.
    func isCurrent(for paths: GatewayTLS?) -> Bool { files?.paths == paths && (files?.stamps ?? []) == stamps }

    var isPlain: Bool { if case .plain = welcome { true } else { false } }
    var isServing: Bool { if case .nobody = welcome { false } else { true } }

    /// Whether its certificate was read anew.
    func isNewer(than before: ListenerSecurity) -> Bool {
        guard case .tls(let server) = welcome else { return false }
        guard case .tls(let old) = before.welcome else { return true }
        return server !== old
    }

    /// When the certificate in force ends, seconds since 1970; 0 when there is none in force, nil when none is wanted.
    var expiry: Int64? {
        switch welcome {
        case .plain: nil
        case .tls(let server): server.validity.upperBound
        case .nobody: 0
        }
    }
}
