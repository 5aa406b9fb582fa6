/// What one GPU said at one moment. What is absent was not said: the card, its driver or our rights do not give it.
///
/// Never zero for absent, for zero is a statement.
package struct GPUReading: Sendable, Equatable, Codable {
    package var identity: GPUIdentity
    /// When the last of it was read.
    package var time: Timestamp
    /// Share of the sample period in which at least one kernel ran, 0 to 1. It says nothing about how much work that
    /// was.
    package var utilization: Double?
    /// Share of the sample period in which memory was read or written, 0 to 1.
    package var memoryActivity: Double?
    /// Share of the processors that were busy since the reading before, 0 to 1: nearer to work than `utilization`.
    package var smActivity: Double?
    /// Share of that time in which their matrix units were, 0 to 1.
    package var tensorActivity: Double?
    package var memory = GPUMemory()
    package var temperature = GPUTemperature()
    package var power = GPUPower()
    package var clocks = GPUClocks()
    /// Share of the fan's full speed; may pass 1 by a little.
    package var fanSpeed: Double?
    /// What holds the clocks down now; empty is nothing, nil is unknown.
    package var throttle: [GPUThrottle]?
    /// Seconds for which it was held down since the driver was loaded, by reason.
    package var throttledSeconds: [GPUThrottle: Double] = [:]
    package var errors = GPUErrors()
    package var link = GPULink()
    /// Parts of the card with memory and processors of their own (MIG); nil where it is not parted.
    package var partitions: [GPUPartition]?
    /// Who holds memory; nil when the card cannot tell.
    package var processes: [GPUProcess]?
    /// Why the card is of no use, in a sentence; nil when it answers. Everything else is then absent.
    package var trouble: String?
    /// What should have been there and could not be read, one line each.
    package var faults: [String] = []

    package init(identity: GPUIdentity, time: Timestamp) {
        self.identity = identity
        self.time = time
    }
}

/// Memory of a card, in bytes.
package struct GPUMemory: Sendable, Equatable, Codable {
    package var total: Int64?
    /// What processes hold, without `reserved`.
    package var used: Int64?
    package var free: Int64?
    /// What driver and firmware keep; nil where it cannot be told from `used`.
    package var reserved: Int64?

    package init(total: Int64? = nil, used: Int64? = nil, free: Int64? = nil, reserved: Int64? = nil) {
        self.total = total
        self.used = used
        self.free = free
        self.reserved = reserved
    }
}

/// Degrees Celsius, by where they are measured: NVIDIA has core and memory, AMD edge, junction and memory.
package struct GPUTemperature: Sendable, Equatable, Codable {
    package var core: Double?
    package var memory: Double?
    package var edge: Double?
    package var junction: Double?

    package init(core: Double? = nil, memory: Double? = nil, edge: Double? = nil, junction: Double? = nil) {
        self.core = core
        self.memory = memory
        self.edge = edge
        self.junction = junction
    }

    /// Those that are there, with the names of the label `sensor`.
    package var bySensor: [(sensor: String, celsius: Double)] {
        [("core", core), ("edge", edge), ("junction", junction), ("memory", memory)].compactMap { sensor, value in
            value.map { (sensor, $0) }
        }
    }

    /// The one that stands for the card where there is room for one.
    package var main: Double? { core ?? junction ?? edge ?? memory }
}

/// What it draws.
package struct GPUPower: Sendable, Equatable, Codable {
    /// Now, or over the last second, as the card measures it.
    package var watts: Double?
    /// The limit in force.
    package var limitWatts: Double?
    /// Since the driver was loaded.
    package var energyJoules: Double?

    package init(watts: Double? = nil, limitWatts: Double? = nil, energyJoules: Double? = nil) {
        self.watts = watts
        self.limitWatts = limitWatts
        self.energyJoules = energyJoules
    }
}

/// Clocks in hertz.
package struct GPUClocks: Sendable, Equatable, Codable {
    package var sm: Double?
    package var memory: Double?

    package init(sm: Double? = nil, memory: Double? = nil) {
        self.sm = sm
        self.memory = memory
    }
}

/// What is broken in its memory, and what the driver asks for.
package struct GPUErrors: Sendable, Equatable, Codable {
    /// Bit errors that were set right since the driver was loaded.
    package var corrected: Int64?
    /// Bit errors that were not, since the driver was loaded.
    package var uncorrected: Int64?
    /// A row waits for a reset to be replaced.
    package var rowRemapPending: Bool?
    /// A row could not be replaced: the card should be.
    package var rowRemapFailed: Bool?
    /// Pages out of use, before Ampere.
    package var retiredForSingleBit: Int64?
    package var retiredForDoubleBit: Int64?
    /// NVML's code: 0 nothing, 1 reset, 2 reboot, 3 drain its links, 4 drain and reset.
    package var recoveryAction: Int?

    package init() {}
}

/// Its way to the processor.
package struct GPULink: Sendable, Equatable, Codable {
    /// PCIe generation now; an idle card lowers it to save power.
    package var generation: Int?
    /// Lanes now; fewer than `maxWidth` is a bad contact or a shared slot.
    package var width: Int?
    package var maxGeneration: Int?
    package var maxWidth: Int?
    /// Packets that had to be sent again.
    package var replays: Int64?

    package init() {}
}
