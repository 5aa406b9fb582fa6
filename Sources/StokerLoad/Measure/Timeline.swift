/// The run in bins of equal length, by when things happened; at most `maxBins`, then neighbours become one.
package struct Timeline: Sendable, Codable, Equatable {
    package static let maxBins = 600
    /// Cells of the heat map: powers of √2 from 1 ms to about 1 h, the first and the last open.
    package static let heatCells = 44

    package var binLength: Nanoseconds
    package var bins: [Bin] = []

    package init(binLength: Nanoseconds) { self.binLength = binLength }

    /// One bin.
    package struct Bin: Sendable, Codable, Equatable {
        package var scheduled = 0
        package var sent = 0
        package var ok = 0
        package var bad = 0
        package var tokens = 0
        /// Highest number of requests in flight.
        package var inFlight = 0
        /// First tokens by their TTFT: counts per heat cell.
        package var heat: [UInt32] = []
        /// Sum and count of TTFT in this bin.
        package var ttftSum: Nanoseconds = 0
        package var ttftCount = 0
        /// Sum and count of gaps between token events.
        package var gapSum: Nanoseconds = 0
        package var gapCount = 0

        package init() {}
    }
}
