import CLinux
import Glibc

/// Unix sockets of the kind that keeps packets apart (`SOCK_SEQPACKET`); none of the calls waits.
package enum PacketSocket {
    /// What `receive` found.
    package enum Received: Sendable, Equatable {
        case packet([UInt8])
        /// Nothing yet.
        case nothing
        /// The other end is gone, or sent more than may be sent.
        case ended
    }

    /// What became of a packet.
    package enum Sent: Sendable, Equatable {
        case sent
        /// The other end is slow: try again when the socket is writable.
        case full
        case failed(Int32)
    }

    /// A socket at that path that only this user can reach. What lies there is removed: the caller knows it is old.
    package static func listen(at path: String, backlog: Int32 = 8) throws(SystemError) -> Descriptor {
        let socket = try make()
        unlink(path)
        guard try withAddress(of: path, { bind(socket.number, $0, $1) }) == 0 else { throw SystemError(path) }
        guard chmod(path, 0o600) == 0, Glibc.listen(socket.number, backlog) == 0 else { throw SystemError(path) }
        return socket
    }

    /// Connects to a listening socket; refused at once when nobody listens.
    package static func connect(to path: String) throws(SystemError) -> Descriptor {
        let socket = try make()
        guard try withAddress(of: path, { Glibc.connect(socket.number, $0, $1) }) == 0 else { throw SystemError(path) }
        return socket
    }

    /// The next packet, if one has come.
    package static func receive(from socket: Descriptor, most: Int) -> Received {
        // Its length first: memory for the largest would be mapped and unmapped for each.
        var length = -1
        repeat {
            length = recv(socket.number, nil, 0, Int32(MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC))
        } while length < 0 && errno == EINTR
        if length < 0, errno == EAGAIN { return .nothing }
        guard length > 0, length <= most else { return .ended }
        let packet = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = max(0, recv(socket.number, buffer.baseAddress, length, Int32(MSG_DONTWAIT)))
        }
        return packet.isEmpty ? .ended : .packet(packet)
    }

    /// Sends a packet, if there is room for it.
    package static func send(_ packet: [UInt8], to socket: Descriptor) -> Sent {
        while true {
            let sent = Glibc.send(socket.number, packet, packet.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            if sent >= 0 { return .sent }
            if errno == EAGAIN { return .full }
            if errno != EINTR { return .failed(errno) }
        }
    }

    private static func make() throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let socket = socket(AF_UNIX, kind, 0)
        guard socket >= 0 else { throw SystemError("socket") }
        return Descriptor(owning: socket)
    }

    private static func withAddress(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8) + [0]
        guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError(path, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
