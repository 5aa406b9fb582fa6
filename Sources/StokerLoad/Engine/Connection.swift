import Glibc
import StokerNet

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

    /// Reads once; TLS says by `wait` that there is no more.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        Transfer.read(descriptor, tls, into: buffer)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransferResult { Transfer.write(descriptor, tls, bytes) }
}
