/// A program that holds memory of a card.
package struct GPUProcess: Sendable, Equatable, Codable {
    /// Its number as the driver gives it: on the host, not within a container.
    package var pid: Int32
    /// Bytes of the card's memory; nil where the driver does not tell them apart.
    package var memory: Int64?
    /// The number of the partition that it runs in; nil where the card is not parted.
    package var gpuInstance: Int?
    /// The program's name as `ps` shows it; nil when it has ended, or lives where we cannot see it.
    package var command: String?
    /// Which of Stoker's processes it belongs to, by descent; nil: it is a stranger.
    package var owner: String?

    package init(
        pid: Int32, memory: Int64? = nil, gpuInstance: Int? = nil, command: String? = nil, owner: String? = nil
    ) {
        self.pid = pid
        self.memory = memory
        self.gpuInstance = gpuInstance
        self.command = command
        self.owner = owner
    }

    /// Joins the driver's lists (compute, graphics, MPS), in which one process may stand twice with the same memory.
    package static func merged(_ lists: [GPUProcess]) -> [GPUProcess] {
        var found: [Key: GPUProcess] = [:]
        for process in lists {
            let key = Key(pid: process.pid, instance: process.gpuInstance)
            guard let known = found[key] else {
                found[key] = process
                continue
            }
            if let memory = process.memory { found[key]?.memory = max(memory, known.memory ?? 0) }
        }
        return found.values.sorted { ($0.pid, $0.gpuInstance ?? -1) < ($1.pid, $1.gpuInstance ?? -1) }
    }

    private struct Key: Hashable {
        var pid: Int32
        var instance: Int?
    }
}

/// Whose a process is: the nearest of ours among it and its ancestors.
package enum GPUOwnership {
    /// Deeper chains are a loop or a mistake; engines have three or four generations.
    package static let deepest = 64

    /// The name of our process that `pid` is, or descends from; nil for strangers and for those whose parents have
    /// died, who are somebody else's children by then.
    ///
    /// - Parameters:
    ///   - parents: the parent of each process, at one moment.
    ///   - ours: our processes by number.
    package static func owner(of pid: Int32, parents: [Int32: Int32], ours: [Int32: String]) -> String? {
        var current = pid
        for _ in 0..<deepest {
            if let name = ours[current] { return name }
            guard let parent = parents[current], parent > 1, parent != current else { return nil }
            current = parent
        }
        return nil
    }

    /// Memory of a card by who holds it: our processes by name, all strangers under nil. Processes whose memory is
    /// unknown count for nothing.
    package static func memory(of processes: [GPUProcess]) -> [(owner: String?, bytes: Int64)] {
        var sums: [String?: Int64] = [:]
        for process in processes {
            guard let memory = process.memory else { continue }
            let (sum, overflow) = (sums[process.owner] ?? 0).addingReportingOverflow(memory)
            sums[process.owner] = overflow ? .max : sum
        }
        return sums.map { (owner: $0.key, bytes: $0.value) }
            .sorted { ($0.owner == nil ? 1 : 0, $0.owner ?? "") < ($1.owner == nil ? 1 : 0, $1.owner ?? "") }
    }
}
