/// One HTTP/1.1 request, over TCP or a unix socket.
package struct ClientRequest: Sendable, Equatable {
    /// `GET`, `PUT`, `POST`, … as it goes on the wire.
    package var method: String
    /// `http://` or `https://`; over a unix socket the host is only the `Host` header (`http://stoker/status`).
    package var url: String
    /// Path of a unix socket to connect to instead of the URL's host.
    package var unixSocket: String?
    /// Names as they go on the wire; a line break in a name or a value is refused.
    package var headers: [String: String]
    /// nil sends no body; set `Content-Type` in `headers`, nothing is guessed.
    package var body: [UInt8]?
    /// From start to last byte; more than 0, at most 24 days.
    package var timeout: Duration
    /// Most bytes of body, more is `ClientError.Kind.tooLarge`; does not bind a streamed answer.
    package var maxResponse: Int
    /// Whether an idle connection may be used and kept: cheap where one talks to the same neighbour each second.
    package var reusesConnection: Bool
    /// Off only towards ourselves: there, whoever answers at the address is meant, whatever name he shows.
    package var checksCertificate = true

    /// `reusesConnection` is on by default for a unix socket and off for TCP.
    package init(
        _ method: String = "GET", url: String, unixSocket: String? = nil, headers: [String: String] = [:],
        body: [UInt8]? = nil, timeout: Duration = .seconds(5), maxResponse: Int = 16 << 20,
        reusesConnection: Bool? = nil
    ) {
        self.method = method
        self.url = url
        self.unixSocket = unixSocket
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maxResponse = maxResponse
        self.reusesConnection = reusesConnection ?? (unixSocket != nil)
    }

    var isTLS: Bool { url.lowercased().hasPrefix("https:") }

    /// Why curl must not even see this request; nil when nothing is wrong with it.
    ///
    /// libcurl takes C strings: a NUL would cut the text silently, and a line break would begin another header.
    var flaw: String? {
        let texts = [method, url, unixSocket ?? ""] + headers.keys + headers.values
        let isClean = texts.allSatisfy { text in text.utf8.allSatisfy { $0 != 0 && $0 != 0x0A && $0 != 0x0D } }
        guard isClean else { return "NUL or line break in the request" }
        return timeout > .zero ? nil : "the timeout is not positive"
    }
}

/// A complete answer, whatever its status.
package struct ClientResponse: Sendable, Equatable {
    /// The HTTP status.
    package var status: Int
    /// Names in lower case; repeated fields are joined with `, `.
    package var headers: [String: String]
    /// Empty when it was streamed.
    package var body: [UInt8]

    /// An answer, for fakes.
    package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text, invalid UTF-8 replaced.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why there is no answer.
package struct ClientError: Error, Equatable, CustomStringConvertible {
    /// Coarse enough to act on.
    package enum Kind: Sendable, Equatable {
        /// The request itself makes no sense.
        case invalid
        /// No connection: nobody listens, no such host, no permission, TLS refused.
        case connect
        case timeout
        /// The other side went away within the exchange.
        case closed
        case tooLarge
        /// The Swift task that asked was cancelled, or the client was closed.
        case cancelled
        case other
    }

    /// What to act on.
    package var kind: Kind
    /// One line for people.
    package var message: String
    /// `errno` of the failed connection, where the system gave one.
    package var systemError: Int32?

    /// A failure in words; `systemError` is an `errno`.
    package init(_ kind: Kind, _ message: String, systemError: Int32? = nil) {
        self.kind = kind
        self.message = message
        self.systemError = systemError
    }

    /// The message.
    package var description: String { message }
}
