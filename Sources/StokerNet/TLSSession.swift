import COpenSSL

/// One TLS connection, driven by its loop's thread alone.
package final class TLSSession {
    private let session: OpaquePointer

    init(_ session: OpaquePointer) { self.session = session }

    deinit { SSL_free(session) }

    /// Goes on with the handshake; `.bytes(0)` when it is made.
    package func handshake() -> TransferResult { result(of: SSL_do_handshake(session), as: { _ in .bytes(0) }) }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        result(of: SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count)), as: { .bytes(Int($0)) })
    }

    package func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult {
        result(of: SSL_write(session, buffer.baseAddress, Int32(clamping: buffer.count)), as: { .bytes(Int($0)) })
    }

    /// Tells the other side that nothing more comes.
    package func sayGoodbye() {
        _ = SSL_shutdown(session)
        ERR_clear_error()
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
        let wasChecked = SSL_get_verify_mode(session) != SSL_VERIFY_NONE
        if wasChecked, verification != Int(X509_V_OK), let words = X509_verify_cert_error_string(verification) {
            ERR_clear_error()
            return .failed(TransferFailure(.tls, "certificate refused: \(String(cString: words))"))
        }
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return .closed }
        // RFC 8446 wants a close_notify; half the servers of the world just close.
        if ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING { return .closed }
        let words = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
        return .failed(TransferFailure(.tls, words))
    }
}
