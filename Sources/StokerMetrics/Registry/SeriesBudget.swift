import Synchronization

/// How many series a registry may hold in all, so that no mistake in a label can exhaust this machine or Prometheus.
final class SeriesBudget: Sendable {
    private let used = Atomic<Int>(0)
    let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { used.load(ordering: .relaxed) }

    /// Takes room for some series; false when the limit would be passed.
    func take(_ amount: Int) -> Bool {
        let (_, total) = used.add(amount, ordering: .relaxed)
        if total <= limit { return true }
        used.subtract(amount, ordering: .relaxed)
        return false
    }

    /// Takes room whether there is any or not: for the few series that must exist.
    func force(_ amount: Int) { used.add(amount, ordering: .relaxed) }

    func giveBack(_ amount: Int) { used.subtract(amount, ordering: .relaxed) }
}
