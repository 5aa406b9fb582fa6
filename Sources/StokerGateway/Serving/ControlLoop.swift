import StokerHost
import StokerNet

/// The thread beside the loops: it accepts clients and serves the private socket, so that neither ever waits for the
/// data plane nor delays it. Confined to its thread.
final class ControlLoop {
    private static let certificatePause = Duration.seconds(30)

    let events: SocketLoop
    private let mailbox: Mailbox<ControlLoop>
    private var acceptor: Acceptor?
    private var control: ControlSocket?

    private init(_ mailbox: Mailbox<ControlLoop>) throws(SystemError) {
        self.mailbox = mailbox
        events = try SocketLoop(bell: mailbox.bell)
    }

    /// Starts the thread.
    static func start(_ mailbox: Mailbox<ControlLoop>, running: ThreadCount) throws(SystemError) {
        try OwnThread.start {
            if let loop = try? ControlLoop(mailbox) { loop.events.run { mailbox.open(for: loop) } }
            running.ended()
        }
    }

    func listen(_ listener: Descriptor, loops: LoopGroup, connections: ConnectionCount) {
        acceptor = Acceptor(listener, events: events, loops: loops, count: connections)
        acceptor?.look()
    }

    func serve(_ routes: ControlRoutes, on socket: Descriptor) {
        control = ControlSocket(socket, routes, events: events)
    }

    /// Looks at the certificate's files now and then.
    func watchCertificate(of desk: TableDesk) {
        events.after(Self.certificatePause) { [weak self] in
            desk.lookAtCertificate()
            self?.watchCertificate(of: desk)
        }
    }

    func lookForRoom() { acceptor?.look() }
    func closeListener() { acceptor?.close() }
}
