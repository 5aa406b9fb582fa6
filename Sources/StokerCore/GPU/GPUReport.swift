/// All GPUs of the machine, as `stoker status --json` shows them.
package struct GPUReport: Sendable, Equatable, Codable {
    package var sources: [GPUSourceState]
    /// The last that was read of each; those of a source that is not fresh are of an earlier moment.
    package var readings: [GPUReading]
    /// Most cards that were seen at once since the start.
    package var expected: Int

    package init(sources: [GPUSourceState], readings: [GPUReading], expected: Int) {
        self.sources = sources
        self.readings = readings
        self.expected = expected
    }

    /// Whether what is shown of this card is of now.
    package func isFresh(_ reading: GPUReading) -> Bool {
        let source: GPUSourceState.Source = reading.identity.vendor == .nvidia ? .nvml : .sysfs
        return sources.contains { $0.source == source && $0.state == .fresh }
    }

    /// Those that are of now and answer.
    package var present: [GPUReading] { readings.filter { isFresh($0) && $0.trouble == nil } }
}
