import Glibc
import StokerHost

/// One connection to the server, and the request that it carries. Lives on its loop's thread.
final class Connection {
    /// What it waits for.
    enum Phase: Equatable {
        case connecting, handshaking, idle, busy
    }

    /// Its place in the loop's table; with `generation` it is the token under which epoll knows it.
    let slot: Int
    let generation: UInt32
    let descriptor: Int32
    var phase = Phase.connecting
    var tls: TLSSession?
    /// When it was opened.
    let openedAt: Nanoseconds
    /// Which of the server's addresses it goes to.
    let addressIndex: Int
    var call: Call?
    /// Of the request, what the socket has not taken yet.
    var unsent: [UInt8] = []
    var unsentOffset = 0

    init(slot: Int, generation: UInt32, descriptor: Int32, openedAt: Nanoseconds, addressIndex: Int) {
        self.slot = slot
        self.generation = generation
        self.descriptor = descriptor
        self.openedAt = openedAt
        self.addressIndex = addressIndex
    }

    deinit {
        tls = nil
        close(descriptor)
    }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    /// Reads once; TLS says by `hasPending` whether to read again.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        if let tls { return tls.read(into: buffer) }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed }
            if errno != EINTR { return Self.failure() }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        if let tls { return tls.write(bytes) }
        while true {
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if errno == EAGAIN { return .wait }
            if errno != EINTR { return Self.failure() }
        }
    }

    /// Lets the kernel gather acknowledgements: else it sends a packet for each event that is read, at the cost of the
    /// read itself. The kernel leaves the mode by itself, so it is asked for again with each request.
    func delayAcknowledgements() {
        var no: Int32 = 0
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &no, socklen_t(MemoryLayout<Int32>.size))
    }

    /// What became of the attempt to connect: 0, or an error number.
    var connectError: Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    private static func failure() -> TransferResult {
        switch errno {
        case EAGAIN: .wait
        case ECONNRESET, EPIPE: .failed(.reset, SystemError.words(errno))
        case ETIMEDOUT: .failed(.idleTimeout, SystemError.words(errno))
        case let code: .failed(.reset, SystemError.words(code))
        }
    }
}
