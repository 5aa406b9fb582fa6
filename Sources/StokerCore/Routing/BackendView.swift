/// What a choice of backend is drawn from; the gateway's own counts, never an engine's stale gauge.
package protocol BackendView {
    /// What speaks for the backend now.
    func standing(_ backend: Int) -> Standing
    /// Requests that it is working on.
    func inFlight(_ backend: Int) -> Int
    /// Most requests that it is to work on at once, at least 1; `Int.max` when there is no bound.
    func limit(_ backend: Int) -> Int
    /// What it gets of what falls to others, of `Balancer.fullShare`; at least 1. Less while it warms up.
    func share(_ backend: Int) -> Int
    /// A number drawn from its name: where requests of one prefix go depends on it, whatever the table's order.
    func seed(_ backend: Int) -> UInt64
}

extension BackendView {
    package func limit(_ backend: Int) -> Int { Int.max }
    package func share(_ backend: Int) -> Int { Balancer.fullShare }
    package func seed(_ backend: Int) -> UInt64 { UInt64(backend) }
    /// Whether it gets requests in the ordinary course.
    package func isUsable(_ backend: Int) -> Bool { standing(backend) >= .doubtful }
}

/// What speaks for a backend; better is greater. A request goes to the best that there are.
package enum Standing: UInt8, Sendable, Comparable {
    /// Never asked: known to be dead, or taken out by the control plane.
    case out
    /// Asked only where nobody better is: ejected for what it answered, or not yet proven to be well.
    case lastResort
    /// Its ejection is over: the next request decides, and until then it is no better than one of last resort.
    case onTrial
    /// It kept somebody waiting in vain, and nothing has been heard of it since.
    case doubtful
    case good

    @inlinable
    package static func < (one: Standing, other: Standing) -> Bool { one.rawValue < other.rawValue }
}

/// What came of looking for a backend.
package enum Pick: Sendable, Equatable {
    case backend(Int)
    /// Somebody could serve, but all who could work on as many requests as they are to have at once.
    case full
    /// Nobody who may be asked is in rotation.
    case none
}

/// A view in which nobody has a bound: for a request that cannot wait.
package struct Overflow<View: BackendView>: BackendView {
    @usableFromInline let view: View

    @inlinable
    package init(_ view: View) { self.view = view }

    @inlinable
    package func standing(_ backend: Int) -> Standing { view.standing(backend) }
    @inlinable
    package func inFlight(_ backend: Int) -> Int { view.inFlight(backend) }
    @inlinable
    package func limit(_ backend: Int) -> Int { Int.max }
    @inlinable
    package func share(_ backend: Int) -> Int { view.share(backend) }
    @inlinable
    package func seed(_ backend: Int) -> UInt64 { view.seed(backend) }
}
