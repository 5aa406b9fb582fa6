import Glibc
import NIOCore
import StokerHost
import StokerNet
import StokerWire

/// The private socket of the control plane: HTTP/1.1 over a unix socket of mode 0600, read with the same parser as the
/// clients' requests. Confined to the control loop.
final class ControlSocket {
    private let socket: Descriptor
    private let routes: ControlRoutes
    private let events: SocketLoop
    private var connections: [ObjectIdentifier: ControlConnection] = [:]

    init(_ socket: Descriptor, _ routes: ControlRoutes, events: SocketLoop) {
        self.socket = socket
        self.routes = routes
        self.events = events
        _ = events.watch(socket) { [weak self] in self?.accept() }
    }

    /// Binds the socket.
    ///
    /// Beside its place, and moved there with the right mode, so that no client ever meets it open to others. Not by
    /// umask: that is the whole process's, and whatever else makes a file meanwhile would lose its own mode.
    static func open(_ path: String) throws(SystemError) -> Descriptor {
        let provisional = path + ".new"
        unlink(provisional)
        let number = Glibc.socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard number >= 0 else { throw SystemError("open a socket") }
        let socket = Descriptor(owning: number)
        guard NetAddress(socketPath: provisional)?.bind(number) ?? false, listen(number, 16) == 0,
            chmod(provisional, 0o600) == 0, rename(provisional, path) == 0
        else { throw SystemError("place the socket at \(path)") }
        return socket
    }

    private func accept() {
        while case .success(let accepted) = AcceptedSocket.accept(from: socket) {
            let connection = ControlConnection(routes) { [weak self] in self?.connections[$0] = nil }
            guard connection.start(accepted, on: events) else { continue }
            connections[ObjectIdentifier(connection)] = connection
        }
    }
}

/// Answers one client of the private socket.
private final class ControlConnection: StreamOwner {
    /// A table of a thousand backends is a tenth of it.
    private static let maxBody = 4 << 20

    private let routes: ControlRoutes
    private let ended: (ObjectIdentifier) -> Void
    private var reader = RequestReader(maxHead: 16 << 10, maxBody: ControlConnection.maxBody)
    private var head: RequestHead?
    private var socket: StreamSocket?

    init(_ routes: ControlRoutes, ended: @escaping (ObjectIdentifier) -> Void) {
        self.routes = routes
        self.ended = ended
    }

    func start(_ accepted: AcceptedSocket, on events: SocketLoop) -> Bool {
        socket = events.adopt(accepted.descriptor, owner: self)
        return socket != nil
    }

    func connected() {}
    func outputPiles(_ isPiling: Bool) {}

    func received(_ bytes: borrowing Span<UInt8>) {
        reader.feed(bytes)
        do throws(RequestFault) {
            while true {
                switch try reader.next() {
                case .needsMore: return
                case .head(let head): self.head = head
                case .complete(let body): answer(body)
                }
            }
        } catch {
            guard let socket else { return }
            MessageWriter.answer(.text(400, "not a request: \(error)\n"), into: &socket.output)
            socket.endOutput()
        }
    }

    func receivedAll() { socket?.flush() }

    func inputEnded() { close() }
    func failed(_ failure: TransferFailure) { close() }

    private func answer(_ body: ByteBuffer) {
        guard let head, let socket else { return }
        let answer = routes.answer(
            method: head.method.rawValue, path: head.targetText, body: Array(body.readableBytesView))
        MessageWriter.answer(answer, into: &socket.output)
        if !head.keepsAlive { socket.endOutput() }
    }

    private func close() {
        socket?.close()
        socket = nil
        ended(ObjectIdentifier(self))
    }
}
