/// Whether a run fits into the process's limit of open files: each request in flight holds a connection.
package enum DescriptorNeed {
    /// What the process has open beside connections: epoll, timers, files, libraries.
    package static let own = 64

    /// How many requests can be in flight at once; nil: nobody knows, as in an open loop without a cap.
    package static func requests(of plan: LoadPlan) -> Int? {
        switch plan.arrival {
        case .users(let users):
            // A shard carries its part of the users, and one more where the division does not come out even.
            let most = users.stages.map(\.level).max() ?? 0
            guard most.isFinite, most >= 0, most < 1e9 else { return nil }
            return (Int(most.rounded(.up)) + plan.shard.count - 1) / max(1, plan.shard.count)
        case .rate, .trace: return plan.capacity.inFlight
        }
    }

    /// What to tell the person when the limit is too low; nil when it is not.
    ///
    /// - Parameter limit: the soft limit, once it has been raised as far as it goes.
    package static func complaint(_ plan: LoadPlan, limit: Int) -> String? {
        guard let requests = requests(of: plan), requests + own > limit else { return nil }
        let needed = requests + own
        return "\(requests) requests at once need \(needed) open files, and the limit is \(limit)"
            + "\n  try: ulimit -n \(needed)   (as root, or LimitNOFILE= in a unit), or --users \(max(1, limit - own))"
    }
}
