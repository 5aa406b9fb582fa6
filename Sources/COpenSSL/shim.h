// OpenSSL's macros as functions, for Swift sees none of them.
#ifndef STOKER_COPENSSL_SHIM_H
#define STOKER_COPENSSL_SHIM_H

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// Sends the name of the host asked for (SNI).
static inline long copenssl_set_server_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name);
}

/// A write may be repeated from another address, part of it may be taken, and an idle session holds no buffers. Reading
/// ahead takes a record in one system call; without it OpenSSL asks for its five bytes of header first.
static inline void copenssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
}

static inline void copenssl_require_tls12(SSL_CTX *context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

/// Chooses `http/1.1` of what a client offers; nothing else is spoken here (RFC 7301: then the handshake fails).
static inline int copenssl_choose_http11(SSL *session, const unsigned char **out, unsigned char *out_length,
                                         const unsigned char *offered, unsigned int length, void *unused) {
    (void)session;
    (void)unused;
    for (unsigned int at = 0; at < length && offered[at] < length - at; at += offered[at] + 1u) {
        if (offered[at] == 8 && memcmp(offered + at + 1, "http/1.1", 8) == 0) {
            *out = offered + at + 1;
            *out_length = 8;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// What every session of a server is held to. The ciphers bind TLS 1.2 only; those of 1.3 are all AEAD. Sessions are
/// resumed by ticket alone: a cache in memory would be shared, and locked, by all loops. A request says itself where it
/// ends, so an end without close_notify takes nothing from anybody.
static inline int copenssl_set_up_server(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_alpn_select_cb(context, copenssl_choose_http11, NULL);
    return SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
}

/// Gives no passphrase and notes that one was wanted; OpenSSL's own way would ask at the terminal.
static inline int copenssl_refuse_passphrase(char *buffer, int size, int writing, void *was_asked) {
    (void)buffer;
    (void)size;
    (void)writing;
    *(int *)was_asked = 1;
    return -1;
}

/// The first private key in the PEM file; NULL: none, and `was_asked` is 1 when it is encrypted.
static inline EVP_PKEY *copenssl_read_key(const char *path, int *was_asked) {
    BIO *file = BIO_new_file(path, "r");
    if (file == NULL) return NULL;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, copenssl_refuse_passphrase, was_asked);
    BIO_free(file);
    return key;
}

#endif
