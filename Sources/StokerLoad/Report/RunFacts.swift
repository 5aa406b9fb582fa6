/// What is known of a run beside its plan and its counts: who ran what, where, and how it ended.
package struct RunFacts: Sendable, Codable, Equatable {
    /// Short and unlike others', such as `7f3a`.
    package var id: String
    /// A name for people, such as `before the upgrade`.
    package var label: String?
    /// As it was typed, secrets left out.
    package var command: String
    /// RFC 3339, UTC.
    package var startedAt: String
    package var version: String
    package var machine: Machine
    /// Whether the target is on this machine: it and the generator take processors from each other.
    package var isCoLocated: Bool
    package var ending: Ending
    /// The rule of `--abort-on` that ended the run.
    package var abortedBy: String?
    /// Whatever the person adds.
    package var metadata: [String: String]

    /// How a run ended.
    package enum Ending: String, Sendable, Codable, CaseIterable {
        case complete, interrupted, aborted
    }

    /// The machine that offered the load; empty and nil where it does not say.
    package struct Machine: Sendable, Codable, Equatable {
        package var host: String
        package var kernel: String
        package var processor: String
        /// Such as `performance`; `powersave` doubles what a client measures at low rates (aiperf issue 1424).
        package var governor: String?
        /// Such as `tsc`.
        package var clockSource: String?
        /// Size of the range of ports for outgoing connections.
        package var ephemeralPorts: Int?

        package init(
            host: String = "", kernel: String = "", processor: String = "", governor: String? = nil,
            clockSource: String? = nil, ephemeralPorts: Int? = nil
        ) {
            self.host = host
            self.kernel = kernel
            self.processor = processor
            self.governor = governor
            self.clockSource = clockSource
            self.ephemeralPorts = ephemeralPorts
        }
    }

    package init(
        id: String, label: String? = nil, command: String = "", startedAt: String = "", version: String = "",
        machine: Machine = Machine(), isCoLocated: Bool = false, ending: Ending = .complete, abortedBy: String? = nil,
        metadata: [String: String] = [:]
    ) {
        self.id = id
        self.label = label
        self.command = command
        self.startedAt = startedAt
        self.version = version
        self.machine = machine
        self.isCoLocated = isCoLocated
        self.ending = ending
        self.abortedBy = abortedBy
        self.metadata = metadata
    }
}
