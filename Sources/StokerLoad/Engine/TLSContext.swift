import COpenSSL

/// What all TLS connections of a run share: roots of trust, versions, whether certificates are checked.
///
/// OpenSSL over a descriptor that does not block, as wrk has it: the library that curl brings along anyway, and the
/// only one that can be driven from an epoll loop without another framework.
final class TLSContext: Sendable {
    /// OpenSSL 3 counts references to a context atomically; it is not changed after `init`.
    nonisolated(unsafe) private let context: OpaquePointer
    private let host: String
    private let isInsecure: Bool

    init(host: String, isInsecure: Bool) throws(LoadError) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw LoadError("OpenSSL gives no TLS context") }
        self.context = context
        self.host = host
        self.isInsecure = isInsecure
        copenssl_require_tls12(context)
        copenssl_set_modes(context)
        SSL_CTX_set_verify(context, isInsecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        // The system's roots, or what SSL_CERT_FILE and SSL_CERT_DIR name.
        guard SSL_CTX_set_default_verify_paths(context) == 1 else {
            throw LoadError("OpenSSL finds no certificates of authorities")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// A session over a connected descriptor, its handshake still to be made; nil when memory is out.
    func session(over descriptor: Int32) -> TLSSession? {
        guard let session = SSL_new(context) else { return nil }
        SSL_set_fd(session, descriptor)
        SSL_set_connect_state(session)
        _ = copenssl_set_server_name(session, host)
        if !isInsecure { SSL_set1_host(session, host) }
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        SSL_set_alpn_protos(session, protocols, UInt32(protocols.count))
        return TLSSession(session)
    }
}

/// One TLS connection, driven by its loop's thread alone.
final class TLSSession {
    private let session: OpaquePointer

    fileprivate init(_ session: OpaquePointer) { self.session = session }

    deinit { SSL_free(session) }

    func handshake() -> TransferResult { result(of: SSL_do_handshake(session), as: { _ in .bytes(0) }) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        result(of: SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count)), as: { .bytes(Int($0)) })
    }

    func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult {
        result(of: SSL_write(session, buffer.baseAddress, Int32(clamping: buffer.count)), as: { .bytes(Int($0)) })
    }

    private func result(of code: Int32, as success: (Int32) -> TransferResult) -> TransferResult {
        if code > 0 { return success(code) }
        switch SSL_get_error(session, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wait
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return failure()
        }
    }

    private func failure() -> TransferResult {
        let verification = SSL_get_verify_result(session)
        if verification != Int(X509_V_OK), let words = X509_verify_cert_error_string(verification) {
            ERR_clear_error()
            return .failed(.tls, "certificate refused: \(String(cString: words))")
        }
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return .closed }
        // RFC 8446 wants a close_notify; half the servers of the world just close.
        if ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING { return .closed }
        let words = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
        return .failed(.tls, words)
    }
}

/// What became of an attempt to move bytes.
enum TransferResult {
    case bytes(Int)
    /// Nothing more for now; the kernel tells when there is.
    case wait
    /// The other side has closed.
    case closed
    case failed(Outcome, String)
}
