/// How many requests may be sent again because of what an engine *answered*: a value, one for each model.
///
/// An answer that is an error (500, 502, 504, an error object, an empty answer, one of the wrong kind) costs the engine
/// work, and where all engines give it, sending each request three times makes three times the load of what may have
/// been too much before. So such retries are at most a tenth of the requests, and a few more where there are few
/// requests. Beyond that the client gets the first answer.
///
/// A retry after a connection that was refused, broke or fell silent is free and never comes here. It costs the engine
/// that failed nothing, happens once for each request that it had, and is what "the death of an engine loses no
/// accepted request" means: a hundred that were in flight at one that dies are all sent elsewhere.
///
/// The same holds for 429 and 503: the engine has refused the work, and the next one may be free.
///
/// The shares are those of gRPC's retry throttling and Linkerd's budget (ratio 0.1 and 0.2; 10 tokens, 10 a second).
package struct RetryBudget: Sendable, Equatable {
    /// What one request earns.
    package static let share = 0.1
    /// What requests can have earned at most.
    package static let cap = 100.0
    /// What is there without any request, and how fast it comes back, in retries a second.
    package static let floor = 10.0
    package static let pace = 3.0

    private var earned = 0.0
    private var spare = RetryBudget.floor
    private var seen: UInt64 = 0
    private var lastLook: Duration

    package init(at now: Duration) { lastLook = now }

    /// Takes one retry out of the budget; false when it is empty.
    ///
    /// - Parameter requests: how many requests the model has had so far. A count that everybody can raise without a
    ///   lock is all that a request costs; what they have earned is reckoned here.
    package mutating func take(requests: UInt64, at now: Duration) -> Bool {
        // A count that fell is a new one, and earns nothing for once.
        if requests > seen { earned = min(Self.cap, earned + Self.share * Double(requests - seen)) }
        seen = requests
        spare = min(Self.floor, spare + Self.pace * max(0, (now - lastLook).inSeconds))
        lastLook = max(lastLook, now)
        // A sum of tenths may fall short of the whole that it is meant to be.
        if earned >= 1 - 1e-9 {
            earned = max(0, earned - 1)
        } else if spare >= 1 - 1e-9 {
            spare = max(0, spare - 1)
        } else {
            return false
        }
        return true
    }
}
