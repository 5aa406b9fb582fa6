import Glibc
package import StokerCore

/// TCP sockets that listen, made here so that they outlive the process which serves them.
package enum ListeningSocket {
    /// Why a socket cannot be had.
    package struct Refusal: Error, Equatable, CustomStringConvertible {
        /// One line: `127.0.0.1:8080 is taken by nginx (pid 812)`.
        package var description: String
    }

    /// Binds and listens. The address must be an IP address or a name that this machine resolves to one of its own.
    ///
    /// SO_REUSEADDR, so that a restart does not wait a minute for old connections; not SO_REUSEPORT, which would let a
    /// second daemon share the port unseen.
    package static func open(_ endpoint: Endpoint, backlog: Int32 = 4096) throws(Refusal) -> Descriptor {
        let address = try resolve(endpoint)
        defer { freeaddrinfo(address) }
        let info = address.pointee
        let kind = info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(info.ai_family, kind, info.ai_protocol)
        guard number >= 0 else { throw refusal(endpoint, errno) }
        let socket = Descriptor(owning: number)
        var yes: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(number, info.ai_addr, info.ai_addrlen) == 0, listen(number, backlog) == 0 else {
            throw refusal(endpoint, errno)
        }
        return socket
    }

    /// The port that a socket got, when the kernel was to choose.
    package static func port(of socket: Descriptor) -> UInt16? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { storage in
            let result = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(socket.number, $0, &size)
            }
            guard result == 0 else { return nil }
            // The port is at the same place for IPv4 and IPv6.
            return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }

    private static func resolve(_ endpoint: Endpoint) throws(Refusal) -> UnsafeMutablePointer<addrinfo> {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(endpoint.host, "\(endpoint.port)", &hints, &found)
        guard result == 0, let found else {
            let why = gai_strerror(result).map { String(cString: $0) } ?? "unknown"
            throw Refusal(description: "\(endpoint.text): cannot resolve \(endpoint.host): \(why)")
        }
        return found
    }

    private static func refusal(_ endpoint: Endpoint, _ code: Int32) -> Refusal {
        guard code == EADDRINUSE, let holder = PortHolder.of(port: endpoint.port) else {
            return Refusal(description: "\(endpoint.text): \(SystemError.words(code))")
        }
        return Refusal(description: "\(endpoint.text) is taken by \(holder)")
    }
}
