import Glibc
import StokerHost

/// What became of an attempt to move bytes.
package enum TransferResult: Sendable, Equatable {
    case bytes(Int)
    /// Nothing more for now; the kernel tells when there is.
    case wait
    /// The other side has closed.
    case closed
    case failed(TransferFailure)
}

/// Why a connection is of no use any more.
package struct TransferFailure: Error, Sendable, Equatable {
    /// What it counts as.
    package enum Kind: Sendable, Equatable {
        case reset
        /// The kernel gave up waiting for the other side.
        case timedOut
        case tls
    }

    package var kind: Kind
    /// A clause for people.
    package var words: String

    package init(_ kind: Kind, _ words: String) {
        self.kind = kind
        self.words = words
    }

    /// What an error number of the kernel means for a connection.
    package init(code: Int32) { self.init(code == ETIMEDOUT ? .timedOut : .reset, SystemError.words(code)) }
}

/// Moves bytes over a connected socket that does not block, by TLS or plain.
package enum Transfer {
    /// Reads once; TLS reads in records of its own, so it must be asked until it says `wait`.
    package static func read(
        _ descriptor: Int32, _ tls: TLSSession?, into buffer: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        if let tls { return tls.read(into: buffer) }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed }
            if errno == EAGAIN { return .wait }
            if errno != EINTR { return .failed(TransferFailure(code: errno)) }
        }
    }

    /// Writes once, as much as the socket takes.
    package static func write(
        _ descriptor: Int32, _ tls: TLSSession?, _ bytes: UnsafeRawBufferPointer
    ) -> TransferResult {
        if let tls { return tls.write(bytes) }
        while true {
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if errno == EAGAIN { return .wait }
            if errno != EINTR { return .failed(TransferFailure(code: errno)) }
        }
    }

    /// Lets the kernel gather acknowledgements: else it sends a packet for each event that is read, at the cost of the
    /// read itself. The kernel leaves the mode by itself, so it is asked for again with each request.
    package static func delayAcknowledgements(_ descriptor: Int32) {
        var no: Int32 = 0
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &no, socklen_t(MemoryLayout<Int32>.size))
    }

    /// What the kernel holds against a socket, and forgets by telling: 0, or an error number.
    package static func pendingError(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }
}
