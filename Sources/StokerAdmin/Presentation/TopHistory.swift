package import StokerCore

/// What `stoker top` has seen of the finished requests: the newest, joined from one page after the other.
package struct TopHistory: Sendable, Equatable {
    /// Most that are kept, and asked for at once.
    package static let capacity = 1000

    /// The last page, with all that is remembered of the finished in place of its own.
    package private(set) var page = RequestPage()
    private var seen: Int64?
    /// Whether requests older than those that are kept have been left out.
    package private(set) var isWhole = true

    package init() {}

    /// The query for what has come since.
    package func query(_ base: RequestQuery) -> RequestQuery {
        var query = base
        query.after = seen
        query.limit = Self.capacity
        return query
    }

    /// Takes in the answer to it.
    package mutating func take(_ next: RequestPage) {
        let all = page.requests + next.requests
        if all.count > Self.capacity || next.requests.count == Self.capacity { isWhole = false }
        // The first page of a gateway that has run for long begins in the middle.
        if seen == nil, let first = next.requests.first, first.sequence > 1 { isWhole = false }
        seen = next.next
        page = next
        page.requests = Array(all.suffix(Self.capacity))
    }
}
