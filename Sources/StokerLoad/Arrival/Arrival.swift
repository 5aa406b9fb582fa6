/// When requests start.
package enum Arrival: Sendable, Equatable {
    /// Closed loop: so many users; each sends, waits for the end, thinks, sends again. A slow server is asked less.
    case users(UserArrival)
    /// Open loop: requests come at a rate whatever the server does, as a public does.
    case rate(RateArrival)
    /// Open loop at recorded times, in ascending order, from 0.
    case trace([Nanoseconds])
}

/// A closed loop's users.
package struct UserArrival: Sendable, Equatable {
    /// How many there are over time. The first stage begins at 0 users unless `spawnRate` says how fast they come.
    package var stages: [Stage]
    package var thinkTime: TimeDistribution

    package init(stages: [Stage], thinkTime: TimeDistribution = .constant(0)) {
        self.stages = stages
        self.thinkTime = thinkTime
    }
}

/// An open loop's rate.
package struct RateArrival: Sendable, Equatable {
    /// How the gaps between requests spread around their mean.
    package enum Spacing: Sendable, Equatable {
        case constant
        /// Exponential gaps: many independent people.
        case poisson
        /// Gamma-distributed gaps. `burstiness` is the shape: 1 is Poisson, less is burstier, more is steadier (vLLM's
        /// flag of that name). Above 0.
        case gamma(burstiness: Double)
    }

    /// Requests a second over time.
    package var stages: [Stage]
    package var spacing: Spacing

    package init(stages: [Stage], spacing: Spacing) {
        self.stages = stages
        self.spacing = spacing
    }
}

/// A straight line from the level before it to `level`, over `duration`; a duration of 0 is a jump.
///
/// After the last stage its level holds until the stop rule ends the run.
package struct Stage: Sendable, Equatable {
    package var duration: Nanoseconds
    package var level: Double

    package init(duration: Nanoseconds, level: Double) {
        self.duration = duration
        self.level = level
    }
}

/// A length of time, drawn anew each time.
package enum TimeDistribution: Sendable, Equatable {
    case constant(Nanoseconds)
    case uniform(ClosedRange<Nanoseconds>)
    case exponential(mean: Nanoseconds)
}
