import CLinux
import Glibc
import ShimProtocol

/// The shim's end of the conversation with the control plane. It never waits: what cannot be said now is said later,
/// and what nobody was there to hear is in the `state` that each new connection begins with.
struct ControlSocket {
    private let listener: Int32
    /// The control plane; -1 when there is none.
    private(set) var peer: Int32 = -1
    /// What the peer was too slow to take, oldest first.
    private var unsent: [[UInt8]] = []
    private static let mostUnsent = 16

    init(listener: Int32) { self.listener = listener }

    var isConnected: Bool { peer >= 0 }
    var hasUnsent: Bool { !unsent.isEmpty }

    /// Takes the newest connection; an older one ends, for a control plane has only one.
    ///
    /// - Returns: whether there is a new peer. Only the same user and root are listened to.
    mutating func accept() -> Bool {
        let socket = clinux_accept(listener)
        guard socket >= 0 else { return false }
        var user: uid_t = .max
        var process: pid_t = 0
        guard clinux_peer(socket, &user, &process) == 0, user == geteuid() || user == 0 else {
            close(socket)
            return false
        }
        disconnect()
        peer = socket
        return true
    }

    /// The next order, nil when there is none now. A peer that talks nonsense is cut off.
    mutating func receive() -> ShimOrder? {
        guard isConnected else { return nil }
        let length = uninterrupted { recv(peer, nil, 0, Int32(MSG_PEEK | MSG_TRUNC)) }
        if length < 0, errno == EAGAIN { return nil }
        guard length > 0, length <= ShimProtocol.maximumMessage else {
            disconnect()
            return nil
        }
        let packet = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = max(0, uninterrupted { recv(peer, buffer.baseAddress, length, 0) })
        }
        do {
            return try ShimOrder(decoding: packet)
        } catch {
            disconnect()
            return nil
        }
    }

    mutating func send(_ report: ShimReport) {
        guard isConnected else { return }
        unsent.append(report.encoded)
        flush()
        if unsent.count > Self.mostUnsent { disconnect() }
    }

    /// Says what is left to say, as far as the peer takes it.
    mutating func flush() {
        while let packet = unsent.first {
            let sent = uninterrupted { Glibc.send(peer, packet, packet.count, Int32(MSG_NOSIGNAL)) }
            if sent < 0 {
                if errno != EAGAIN { disconnect() }
                return
            }
            unsent.removeFirst()
        }
    }

    mutating func disconnect() {
        if peer >= 0 { close(peer) }
        peer = -1
        unsent.removeAll(keepingCapacity: true)
    }
}
