import Foundation

/// A self-signed certificate of 127.0.0.1 and its key, made by the `openssl` program, as files in a directory that goes
/// with this object. Who trusts `certificate` trusts this one and no other.
package final class TestCertificate: Sendable {
    package let directory: String
    package var certificate: String { directory + "/fullchain.pem" }
    package var key: String { directory + "/key.pem" }

    /// What the key is made of.
    package enum Algorithm: String, Sendable {
        case elliptic = "ec"
        case rsa = "rsa:2048"
    }

    /// The program is missing, or refused.
    package struct Failure: Error {
        package var status: Int32
    }

    /// - Parameter passphrase: what the key is encrypted with.
    package init(_ algorithm: Algorithm = .elliptic, passphrase: String? = nil) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "stoker-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        directory = place.path
        let curve = algorithm == .elliptic ? ["-pkeyopt", "ec_paramgen_curve:prime256v1"] : []
        let cover = passphrase.map { ["-passout", "pass:\($0)"] } ?? ["-nodes"]
        try await Self.openssl(
            ["req", "-x509", "-newkey", algorithm.rawValue] + curve + cover
                + ["-days", "2", "-subj", "/CN=stoker test", "-addext", "subjectAltName=IP:127.0.0.1"]
                + ["-keyout", key, "-out", certificate])
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Puts another certificate and its key where these lie, each by a rename, as those who renew them do.
    package func replace(by other: TestCertificate) throws {
        for (from, to) in [(other.certificate, certificate), (other.key, key)] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to), options: .atomic)
        }
    }

    /// Writes a file into the directory and returns its path.
    package func write(_ text: String, as name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"), options: .atomic)
        return "\(directory)/\(name)"
    }

    /// Waits without a thread: the pool has no more of them than there are cores.
    private static func openssl(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else { throw Failure(status: status) }
    }
}
