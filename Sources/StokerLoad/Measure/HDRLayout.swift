/// Where HdrHistogram keeps a value: slots as wide as a thousandth of what they hold, in powers of two.
///
/// The same indices as HdrHistogram's own for a lowest value of 1, a highest of an hour and three digits, so that its
/// log format (`HistogramCodec`) needs no translation. Values are whole microseconds.
package enum HDRLayout {
    static let digits = 3
    /// An hour, in microseconds.
    static let highestValue: UInt64 = 3_600_000_000
    /// 2^11 is the first power of two that tells 1999 from 2000.
    private static let halfBits = 10
    private static let half = 1 << halfBits

    /// One more than the highest index.
    package static let slotCount = 23 << halfBits

    package static func slot(of value: UInt64) -> Int {
        let bucket = 63 &- halfBits &- (value | UInt64(2 * half - 1)).leadingZeroBitCount
        return (bucket &+ 1) << halfBits &+ Int(truncatingIfNeeded: value >> UInt64(bucket)) &- half
    }

    /// The lowest value of a slot.
    package static func lowest(of slot: Int) -> UInt64 {
        slot < half ? UInt64(slot) : UInt64(slot & (half - 1) | half) << UInt64(slot >> halfBits - 1)
    }

    /// The highest value of a slot.
    package static func highest(of slot: Int) -> UInt64 { lowest(of: slot + 1) - 1 }
}
