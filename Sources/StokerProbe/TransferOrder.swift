import CCurl
import Synchronization

/// One transfer as its caller ordered it; the loop's thread carries it out.
struct TransferOrder: Sendable {
    var request: ClientRequest
    var purpose: Transfer.Purpose
    var handle: Handle
    var onBody: (@Sendable ([UInt8]) -> Void)?
    /// Called exactly once, on the loop's thread or, when the loop is closed, on the caller's.
    var finish: @Sendable (TransferOutcome) -> Void

    /// What the caller keeps in order to cancel.
    ///
    /// A flag and no queued message, so that a cancellation that overtakes
    /// its own order is still seen when the order arrives.
    final class Handle: Sendable {
        private let flag = Atomic<Bool>(false)

        var isCancelled: Bool { flag.load(ordering: .acquiring) }

        func cancel() { flag.store(true, ordering: .releasing) }
    }
}

/// How a transfer ended, as curl tells it.
struct TransferOutcome: Sendable {
    /// Why we ended it ourselves; curl's code then says only that we did.
    enum Stop: Sendable {
        case cancelled
        case tooLarge
    }

    var code: CURLcode
    var stop: Stop?
    /// HTTP status, 0 when none came.
    var status = 0
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    /// curl's own sentence about the failure, may be empty.
    var detail = ""
    /// `errno` of the last failed connect, 0 when there was none.
    var systemError: Int32 = 0
    var timings = PhaseTimings()

    /// The outcome of a transfer that never began or was given up.
    static let cancelled = TransferOutcome(code: CURLE_ABORTED_BY_CALLBACK, stop: .cancelled)
}

/// When each phase ended, since the start of the transfer; nil when it was not reached.
struct PhaseTimings: Sendable, Equatable {
    var nameLookup: Duration?
    var connect: Duration?
    var tls: Duration?
    var firstByte: Duration?
    var total = Duration.zero

    /// The phase that the transfer was in when it ended.
    func phase(ofTLS isTLS: Bool) -> String {
        if nameLookup == nil { return "name lookup" }
        if connect == nil { return "connect" }
        if isTLS && tls == nil { return "tls" }
        return firstByte == nil ? "first byte" : "body"
    }
}
