import Glibc

/// A TCP port of loopback where nobody listens, and which no other test is given while this object lives.
///
/// A socket that is bound and does not listen: connecting is refused, the kernel gives the port to nobody who asks for
/// any, and a server with SO_REUSEADDR may still listen there by its number.
package final class HeldPort: Sendable {
    package let number: UInt16
    private let descriptor: Int32

    /// Why there is none.
    package struct Failure: Error {
        package var code: Int32
    }

    package init() throws(Failure) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 ? getsockname(descriptor, address, &size) : -1
            }
        }
        number = UInt16(bigEndian: address.sin_port)
        guard result == 0 else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }
}
