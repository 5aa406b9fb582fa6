import COpenSSL
import Glibc
import StokerHost

/// What the TLS connections from clients share: a certificate and its key, versions, ciphers.
///
/// TLS 1.2 with AEAD ciphers and forward secrecy, and TLS 1.3; `http/1.1` by ALPN; no renegotiation, no compression.
package final class TLSServer: Sendable {
    /// A chain with a dozen certificates is a hundredth of it.
    private static let largestFile = 1 << 20

    /// From when to when the certificate is valid, seconds since 1970.
    package let validity: ClosedRange<Int64>
    /// OpenSSL 3 counts references to a context atomically; it is not changed after `init`.
    nonisolated(unsafe) private let context: OpaquePointer

    /// Loads a certificate with the chain below it, and its key.
    ///
    /// - Parameters:
    ///   - certificate: path of a PEM file, the server's own certificate first.
    ///   - key: path of a PEM file, not encrypted.
    package init(certificate: String, key: String) throws(TLSFault) {
        for path in [certificate, key] { try Self.checkFile(path) }
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw TLSFault("OpenSSL gives no TLS context") }
        var isGood = false
        // Whoever throws below leaves no `self` that would free it.
        defer {
            ERR_clear_error()
            if !isGood { SSL_CTX_free(context) }
        }
        copenssl_require_tls12(context)
        copenssl_set_modes(context)
        guard copenssl_set_up_server(context) == 1 else { throw TLSFault("OpenSSL has none of the ciphers") }
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1,
            let shown = SSL_CTX_get0_certificate(context)
        else { throw TLSFault(file: certificate, "it holds no certificate in PEM, or a damaged one") }
        try Self.useKey(key, of: shown, in: context)
        validity = try Self.validity(of: shown, in: certificate)
        self.context = context
        isGood = true
    }

    deinit { SSL_CTX_free(context) }

    /// A session over an accepted descriptor, its handshake still to be made; nil when memory is out.
    package func session(over descriptor: Int32) -> TLSSession? {
        guard let session = SSL_new(context) else { return nil }
        SSL_set_fd(session, descriptor)
        SSL_set_accept_state(session)
        return TLSSession(session)
    }

    // MARK: Loading

    /// OpenSSL would wait for ever at a FIFO, and read a disk to its end.
    private static func checkFile(_ path: String) throws(TLSFault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw TLSFault(file: path, SystemError.words(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw TLSFault(file: path, SystemError.words(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TLSFault(file: path, "it is not a regular file") }
        guard status.st_size <= largestFile else { throw TLSFault(file: path, "it is larger than 1 MiB") }
    }

    private static func useKey(
        _ path: String, of certificate: OpaquePointer, in context: OpaquePointer
    ) throws(TLSFault) {
        var wasAsked: Int32 = 0
        guard let key = copenssl_read_key(path, &wasAsked) else {
            let reason = wasAsked == 0 ? "it holds no private key in PEM, or a damaged one" : "the key is encrypted"
            throw TLSFault(file: path, reason)
        }
        defer { EVP_PKEY_free(key) }
        guard X509_check_private_key(certificate, key) == 1, SSL_CTX_use_PrivateKey(context, key) == 1 else {
            throw TLSFault(file: path, "the key does not belong to the certificate")
        }
    }

    private static func validity(of certificate: OpaquePointer, in path: String) throws(TLSFault) -> ClosedRange<Int64>
    {
        guard let first = seconds(X509_get0_notBefore(certificate)),
            let last = seconds(X509_get0_notAfter(certificate)),
            first <= last
        else { throw TLSFault(file: path, "its dates make no sense") }
        return first...last
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Int64(timegm(&parts))
    }
}
