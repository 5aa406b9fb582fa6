import Synchronization

/// What a family is made of: one cell that is written from any thread and read by the scrape.
package protocol Instrument: AnyObject, Sendable {
    /// The value now.
    ///
    /// Lock-free; writers never wait for it.
    func reading() -> MetricsSnapshot.Value
}

/// Counts what a family's instruments refused to take in, so that a bug in the caller shows instead of poisoning a sum.
final class Rejections: Sendable {
    private let cell = Atomic<UInt64>(0)

    var count: UInt64 { cell.load(ordering: .relaxed) }

    func add() { cell.add(1, ordering: .relaxed) }
}
