/// What both ends of a shim's socket must agree on. The socket is `SOCK_SEQPACKET`: one message is one packet.
package enum ShimProtocol {
    /// First byte of every message; the other end refuses any other.
    package static let version: UInt8 = 2
    /// Largest message in bytes: a start order with its environment. Below the kernel's default send buffer (212,992),
    /// so that a packet of this size always fits.
    package static let maximumMessage = 128 << 10
    /// A shim that has neither child nor control plane for this long leaves, in milliseconds.
    package static let lonelyMilliseconds: UInt64 = 60_000
    /// What a main process leaves behind gets SIGTERM, and SIGKILL this many milliseconds later.
    package static let leftoverMilliseconds: UInt64 = 500
    /// Lost output is reported at most this often, in milliseconds.
    package static let dropReportMilliseconds: UInt64 = 1000
}

/// Why a packet is no message.
package enum WireError: Error, Equatable {
    /// Ends before what it promises.
    case truncated
    /// Goes on after its end.
    case trailingBytes
    /// Another version of the protocol.
    case version(UInt8)
    /// No message, or no value of a field, has this number.
    case unknown(field: String, value: UInt8)
    /// A text is not UTF-8, or has a NUL inside, which would end it early for C.
    case text
}
