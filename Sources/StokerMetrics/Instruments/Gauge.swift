/// A number that goes up and down.
///
/// Get it from a family once, keep it, and set it from anywhere.
package final class Gauge: Instrument {
    private let cell = AtomicDouble()

    init() {}

    /// Replaces the value.
    ///
    /// Infinities and NaN are legal values of a gauge: NaN says "not known".
    package func set(_ value: Double) { cell.set(value) }

    /// Replaces the value.
    package func set(_ value: Int) { cell.set(Double(value)) }

    /// Writes 1 for true and 0 for false.
    package func set(_ value: Bool) { cell.set(value ? 1 : 0) }

    /// Adds to the value; a negative amount takes away.
    package func add(_ amount: Double) { cell.add(amount) }

    /// The value now.
    package var value: Double { cell.value }

    package func reading() -> MetricsSnapshot.Value { .number(value) }
}
