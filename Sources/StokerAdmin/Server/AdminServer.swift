import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import StokerCore

/// Serves the admin API on one address, until it is cancelled or shut down in good order.
///
/// One for the unix socket and one for TCP, so that either can fail with its own words.
package struct AdminServer: Sendable {
    /// Where it listens.
    package enum Address: Sendable, Equatable {
        case unixSocket(path: String)
        case tcp(Endpoint)

        var text: String {
            switch self {
            case .unixSocket(let path): path
            case .tcp(let endpoint): endpoint.text
            }
        }
    }

    /// No request has a use for more; the CLI sends none at all.
    private static let bodyLimit = 64 << 10
    /// Scrapers and shells come one by one; more than this at once are turned away in the kernel's backlog.
    private static let connectionLimit = 64

    private let address: Address
    private let answer: @Sendable (AdminRequest) async -> AdminResponse
    private let logger: Logger
    private let onListening: @Sendable (_ port: UInt16?) async -> Void

    /// - Parameter onListening: called once requests are answered; the port for TCP, nil for the unix socket.
    package init(
        address: Address, api: AdminAPI, logger: Logger,
        onListening: @escaping @Sendable (_ port: UInt16?) async -> Void = { _ in }
    ) {
        self.init(address: address, answer: api.respond, logger: logger, onListening: onListening)
    }

    /// The same for a page of metrics alone.
    package init(
        address: Address, metrics: MetricsAPI, logger: Logger,
        onListening: @escaping @Sendable (_ port: UInt16?) async -> Void = { _ in }
    ) {
        self.init(address: address, answer: metrics.respond, logger: logger, onListening: onListening)
    }

    private init(
        address: Address, answer: @escaping @Sendable (AdminRequest) async -> AdminResponse, logger: Logger,
        onListening: @escaping @Sendable (_ port: UInt16?) async -> Void
    ) {
        self.address = address
        self.answer = answer
        self.logger = logger
        self.onListening = onListening
    }

    /// Throws `AdminServerError` when it cannot listen.
    package func run() async throws {
        switch address {
        case .tcp(let endpoint): try await serve(.hostname(endpoint.host, port: Int(endpoint.port)), socketFile: nil)
        case .unixSocket(let path):
            let file = SocketFile(path: path)
            try file.checkFree()
            defer { file.remove() }
            try await serve(.unixDomainSocket(path: file.provisionalPath), socketFile: file)
        }
    }

    private func serve(_ bindAddress: BindAddress, socketFile: SocketFile?) async throws {
        let publication = Publication()
        let application = Application(
            responder: Responder(answer: answer, transport: socketFile == nil ? .tcp : .unixSocket),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: bindAddress, serverName: nil, backlog: Self.connectionLimit,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit)),
            onServerRunning: { channel in
                do throws(AdminServerError) {
                    try socketFile?.publish()
                    await onListening(channel.localAddress?.port.flatMap(UInt16.init(exactly:)))
                } catch {
                    publication.fail(error)
                    channel.close(promise: nil)
                }
            }, logger: quietLogger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw AdminServerError(address: address.text, reason: String(cString: strerror(error.errnoCode)))
        }
        try publication.check()
    }

    /// Hummingbird tells each start and each request; we tell our own story.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    /// Carries a request over from Hummingbird's vocabulary to ours, and the answer back.
    private struct Responder: HTTPResponder {
        typealias Context = BasicRequestContext

        var answer: @Sendable (AdminRequest) async -> AdminResponse
        var transport: AdminRequest.Transport

        func respond(to request: Request, context: Context) async throws -> Response {
            do {
                _ = try await request.body.collect(upTo: AdminServer.bodyLimit)
            } catch is NIOTooManyBytesError {
                return Response(status: .contentTooLarge, headers: [.connection: "close"])
            }
            var headers: [String: String] = [:]
            if let host = request.head.authority { headers["host"] = host }
            for field in request.headers {
                headers[field.name.canonicalName] =
                    headers[field.name.canonicalName].map { "\($0), \(field.value)" } ?? field.value
            }
            let answer = await answer(
                AdminRequest(
                    request.method.rawValue, request.head.path ?? "/", headers: headers, transport: transport))
            return response(answer, withBody: request.method != .head)
        }

        private func response(_ answer: AdminResponse, withBody: Bool) -> Response {
            var headers: HTTPFields = [
                .contentType: answer.contentType, .contentLength: "\(answer.body.count)",
                // Numbers of now; and no page may frame or sniff what is meant for tools.
                .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            ]
            for (name, value) in answer.headers {
                if let name = HTTPField.Name(name) { headers[name] = value }
            }
            let body = withBody ? ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)) : ResponseBody()
            return Response(status: .init(code: answer.status), headers: headers, body: body)
        }
    }
}

/// Why the admin API cannot listen: one line, with the address.
package struct AdminServerError: Error, Equatable, CustomStringConvertible {
    /// The path of the socket, or host and port.
    package var address: String
    /// The system's words, or ours.
    package var reason: String

    /// One failure at one address.
    package init(address: String, reason: String) {
        self.address = address
        self.reason = reason
    }

    /// One line for people.
    package var description: String { "cannot listen on \(address): \(reason)" }
}
