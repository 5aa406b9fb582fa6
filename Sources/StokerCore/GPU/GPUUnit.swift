/// From a driver's numbers to base units; nil for what cannot be true.
///
/// Drivers answer with all bits set, or with 2^63 and the like, for what they do not know, and call it a success.
package enum GPUUnit {
    /// A percentage as a ratio; `most` is where it stops being believable.
    package static func ratio(percent: Int64, most: Int64 = 100) -> Double? {
        (0...most).contains(percent) ? Double(percent) / 100 : nil
    }

    /// A percentage with a fraction, a hair above 100 at most.
    package static func ratio(percent: Double) -> Double? {
        (0...101).contains(percent) ? min(1, percent / 100) : nil
    }

    package static func celsius(_ degrees: Int64) -> Double? {
        (-50...200).contains(degrees) ? Double(degrees) : nil
    }

    package static func celsius(thousandths: Int64) -> Double? {
        (-50_000...200_000).contains(thousandths) ? Double(thousandths) / 1000 : nil
    }

    /// Up to 100 kW: a whole rack is not a card.
    package static func watts(milliwatts: Int64) -> Double? {
        (0...100_000_000).contains(milliwatts) ? Double(milliwatts) / 1000 : nil
    }

    package static func watts(microwatts: Int64) -> Double? {
        (0...100_000_000_000).contains(microwatts) ? Double(microwatts) / 1_000_000 : nil
    }

    package static func joules(millijoules: UInt64) -> Double? {
        millijoules < 1 << 62 ? Double(millijoules) / 1000 : nil
    }

    package static func hertz(megahertz: Int64) -> Double? {
        (0...100_000).contains(megahertz) ? Double(megahertz) * 1_000_000 : nil
    }

    package static func hertz(_ hertz: Int64) -> Double? {
        (0...100_000_000_000).contains(hertz) ? Double(hertz) : nil
    }

    package static func seconds(nanoseconds: UInt64) -> Double? {
        nanoseconds < 1 << 62 ? Double(nanoseconds) / 1_000_000_000 : nil
    }

    /// Up to 2^50, a pebibyte.
    package static func bytes(_ count: UInt64) -> Int64? { count <= 1 << 50 ? Int64(count) : nil }

    /// Errors, replays, pages.
    package static func count(_ count: UInt64) -> Int64? { count < 1 << 62 ? Int64(count) : nil }

    /// The generation of a PCIe link from its speed as the kernel writes it: `16.0 GT/s PCIe`.
    package static func pcieGeneration(speed text: some StringProtocol) -> Int? {
        switch text.prefix(while: { $0 != " " }) {
        case "2.5": 1
        case "5", "5.0": 2
        case "8", "8.0": 3
        case "16", "16.0": 4
        case "32", "32.0": 5
        case "64", "64.0": 6
        default: nil
        }
    }
}
