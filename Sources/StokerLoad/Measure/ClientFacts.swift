/// What the generator noticed about itself.
package struct ClientFacts: Sendable, Codable, Equatable {
    /// How late each round of the loop was for its timers.
    package var loopLag = LatencyHistogram()
    package var connections = 0
    package var mostInFlight = 0
    /// Requests sent again because the server had closed the idle connection under them.
    package var staleConnections = 0
    /// CPU time of this process while it measured.
    package var cpu: Nanoseconds = 0
    /// Wall time of the same.
    package var wall: Nanoseconds = 0
    /// CPU time of the busiest loop's thread as a share of wall time, 0 to 1: one full loop is late for all it serves,
    /// however idle the other processors are.
    package var busiestLoop = 0.0
    /// Processors this process may use: affinity and cgroup quota together.
    package var processors = 0.0
    package var descriptorLimit = 0
    /// Time-weighted requests in flight, in request-nanoseconds; by Little's law it equals the sum of end-to-end times.
    package var inFlightTime = 0.0
    package var residenceTime = 0.0
    package var measurementErrors = 0
    /// Time that the kernel kept this process from running because its cgroup had used up its quota.
    package var throttled: Nanoseconds = 0

    package init() {}

    // A log keeps the histogram in a form of its own.
    private enum CodingKeys: CodingKey {
        case connections, mostInFlight, staleConnections, cpu, wall, busiestLoop, processors, descriptorLimit
        case inFlightTime, residenceTime, measurementErrors, throttled
    }

    /// How far requests in flight and the times they took disagree, as a share of the former: |N - λW| / N.
    /// nil when nothing was in flight.
    package var littleGap: Double? {
        inFlightTime > 0 ? abs(inFlightTime - residenceTime) / inFlightTime : nil
    }

    /// Takes in what another loop, or another generator, noticed about the same time.
    mutating func merge(_ other: ClientFacts) {
        loopLag.add(other.loopLag)
        connections += other.connections
        // Highest at different moments: the sum is an upper bound.
        mostInFlight += other.mostInFlight
        staleConnections += other.staleConnections
        cpu += other.cpu
        wall = max(wall, other.wall)
        busiestLoop = max(busiestLoop, other.busiestLoop)
        processors += other.processors
        let limits = [descriptorLimit, other.descriptorLimit].filter { $0 > 0 }
        descriptorLimit = limits.min() ?? 0
        inFlightTime += other.inFlightTime
        residenceTime += other.residenceTime
        measurementErrors += other.measurementErrors
        throttled = max(throttled, other.throttled)
    }
}
