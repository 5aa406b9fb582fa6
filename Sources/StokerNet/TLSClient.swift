import COpenSSL

/// What the TLS connections to one server share: roots of trust, versions, whether certificates are checked.
///
/// OpenSSL over a descriptor that does not block, as wrk has it: the library that curl brings along anyway, and the
/// only one that can be driven from an epoll loop without another framework.
package final class TLSClient: Sendable {
    /// OpenSSL 3 counts references to a context atomically; it is not changed after `init`.
    nonisolated(unsafe) private let context: OpaquePointer
    private let host: String
    private let isName: Bool
    private let isInsecure: Bool

    /// - Parameter authorities: a PEM file with the roots of trust; nil takes the system's.
    package init(host: String, isInsecure: Bool, authorities: String? = nil) throws(TLSFault) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw TLSFault("OpenSSL gives no TLS context") }
        self.context = context
        self.host = host
        isName = NetAddress(numeric: host, port: 0) == nil
        self.isInsecure = isInsecure
        copenssl_require_tls12(context)
        copenssl_set_modes(context)
        SSL_CTX_set_verify(context, isInsecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        // The system's roots, or what SSL_CERT_FILE and SSL_CERT_DIR name.
        let hasRoots =
            if let authorities {
                SSL_CTX_load_verify_locations(context, authorities, nil) == 1
            } else {
                SSL_CTX_set_default_verify_paths(context) == 1
            }
        guard hasRoots else {
            ERR_clear_error()
            throw TLSFault(file: authorities, "OpenSSL finds no certificates of authorities")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// A session over a connected descriptor, its handshake still to be made; nil when memory is out.
    package func session(over descriptor: Int32) -> TLSSession? {
        guard let session = SSL_new(context) else { return nil }
        SSL_set_fd(session, descriptor)
        SSL_set_connect_state(session)
        // RFC 6066 section 3 allows names only, and some servers refuse an address.
        if isName { _ = copenssl_set_server_name(session, host) }
        if !isInsecure { SSL_set1_host(session, host) }
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        SSL_set_alpn_protos(session, protocols, UInt32(protocols.count))
        return TLSSession(session)
    }
}
