import Synchronization

/// A number that only grows.
///
/// Get it from a family once, keep it, and increment it from anywhere.
package final class Counter: Instrument {
    /// Whole increments, nearly all there are, cost one atomic addition; the rest goes to `fraction`.
    private let whole = Atomic<UInt64>(0)
    private let fraction = AtomicDouble()
    private let rejections: Rejections

    init(rejections: Rejections) { self.rejections = rejections }

    /// Adds a whole amount; a negative one is refused and counted.
    package func increment(by amount: Int = 1) {
        guard amount >= 0 else { return rejections.add() }
        whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds any amount; a negative or non-finite one is refused and counted.
    package func increment(by amount: Double) {
        guard amount.isFinite, amount >= 0 else { return rejections.add() }
        fraction.add(amount)
    }

    /// The sum so far.
    package var value: Double { Double(whole.load(ordering: .relaxed)) + fraction.value }

    package func reading() -> MetricsSnapshot.Value { .number(value) }
}
