import Glibc
package import StokerHost

/// Where to connect: a TCP address or a unix socket's path, as the kernel wants it.
package struct NetAddress: Sendable {
    private let storage: sockaddr_storage
    private let length: socklen_t
    package let family: Int32

    /// The addresses of a host, in the order that the resolver prefers. Blocks: call it on a thread that may.
    package static func resolve(host: String, port: UInt16) throws(ResolveError) -> [NetAddress] {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        var result = getaddrinfo(host, "\(port)", &hints, &list)
        if result != 0 {
            // A machine with no address but loopback's has no "configured" family.
            hints.ai_flags = AI_NUMERICSERV
            result = getaddrinfo(host, "\(port)", &hints, &list)
        }
        guard result == 0, let first = list else {
            let why = gai_strerror(result).map { String(cString: $0) } ?? "unknown"
            throw ResolveError(description: "cannot resolve \(host): \(why)")
        }
        defer { freeaddrinfo(first) }
        return sequence(first: first, next: { $0.pointee.ai_next }).compactMap { NetAddress($0.pointee) }
    }

    private init?(_ info: addrinfo) {
        guard let address = info.ai_addr, Int(info.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size else {
            return nil
        }
        var storage = sockaddr_storage()
        memcpy(&storage, address, Int(info.ai_addrlen))
        self.storage = storage
        length = info.ai_addrlen
        family = info.ai_family
    }

    /// An address in digits, IPv4 or IPv6; nil for a name.
    package init?(numeric host: String, port: UInt16) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let first = list else { return nil }
        defer { freeaddrinfo(first) }
        self.init(first.pointee)
    }

    /// A unix socket; nil when the path is too long for the kernel (107 bytes).
    package init?(socketPath: String) {
        var address = sockaddr_un()
        let path = Array(socketPath.utf8)
        guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        var storage = sockaddr_storage()
        memcpy(&storage, &address, MemoryLayout<sockaddr_un>.size)
        self.storage = storage
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
        family = AF_UNIX
    }

    /// Gives the address to a socket; false when it cannot have it, with the reason in `errno`.
    package func bind(_ descriptor: Int32) -> Bool {
        var storage = self.storage
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, length) == 0 }
        }
    }

    /// Opens a socket that does not block and begins to connect it.
    ///
    /// - Throws: the error number. A connection under way is no error.
    package func connect() throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(family, kind, 0)
        guard number >= 0 else { throw SystemError("open a socket") }
        if family != AF_UNIX {
            // Nagle would hold back the second half of a request until the first is acknowledged.
            var yes: Int32 = 1
            setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        var storage = self.storage
        let result = withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(number, $0, length) }
        }
        guard result != 0, errno != EINPROGRESS, errno != EAGAIN else { return number }
        let error = SystemError("connect")
        close(number)
        throw error
    }
}

/// A host's name that means nothing here.
package struct ResolveError: Error, Sendable, CustomStringConvertible {
    package var description: String
}
