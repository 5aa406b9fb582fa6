import CLinux
import Glibc
package import StokerHost

/// A client's connection that nobody serves yet.
package struct AcceptedSocket: Sendable {
    /// Open, not blocking, and the taker's to close.
    package let descriptor: Int32
    /// The client's address without its port; nil for a unix socket.
    package let peer: String?

    /// Accepts one connection from a socket that does not block.
    package static func accept(from listener: Descriptor) -> Result<AcceptedSocket, SystemError> {
        while true {
            let number = clinux_accept(listener.number)
            guard number < 0 else {
                noDelay(number)
                return .success(AcceptedSocket(descriptor: number, peer: peer(of: number)))
            }
            // A client that was gone before it was accepted.
            if errno != ECONNABORTED, errno != EINTR { return .failure(SystemError("accept")) }
        }
    }

    /// Ends it: nobody will serve it.
    package func close() { Glibc.close(descriptor) }

    private static func noDelay(_ descriptor: Int32) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func peer(of descriptor: Int32) -> String? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = withUnsafeMutablePointer(to: &address) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { (address) -> Int32 in
                guard getpeername(descriptor, address, &size) == 0, address.pointee.sa_family != AF_UNIX else {
                    return -1
                }
                return getnameinfo(address, size, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
            }
        }
        guard result == 0 else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension SystemError {
    /// Nobody waits at the socket, or not any more.
    package var isRoutine: Bool { code == EAGAIN }
}
