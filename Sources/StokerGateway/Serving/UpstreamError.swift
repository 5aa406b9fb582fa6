import NIOCore
import NIOPosix
import StokerWire

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Words for what went wrong on the way to a backend.
enum UpstreamError: Error {
    case closed
    case status(Int)
    case malformed(WireFault)
    case timeout

    /// How a failed connection attempt counts.
    static func connectFailure(_ error: any Error) -> AttemptFailure {
        if case ChannelError.connectTimeout = error { return .connectTimeout }
        return .connect(text(error))
    }

    /// Why a question for the health path was not answered well.
    static func healthFailure(_ error: any Error) -> String {
        error is UpstreamError ? text(error) : connectFailure(error).text
    }

    /// A clause for people.
    private static func text(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case ChannelError.connectTimeout, UpstreamError.timeout: "no connection in time"
        case let error as NIOConnectionError: connectText(error)
        case UpstreamError.closed: "it closed the connection without an answer"
        case UpstreamError.status(let code): "its health path answers \(code)"
        case UpstreamError.malformed(let fault): fault.rawValue
        default: "\(error)"
        }
    }

    private static func connectText(_ error: NIOConnectionError) -> String {
        if let first = error.connectionErrors.first { return text(first.error) }
        return "the name \(error.host) cannot be resolved"
    }
}
