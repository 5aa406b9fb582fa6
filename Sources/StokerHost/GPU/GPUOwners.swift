import StokerCore
import Synchronization

/// Says of each program that holds a card's memory what it is called and to which of Stoker's processes it belongs.
final class GPUOwners: Sendable {
    private let ours = Mutex<[Int32: String]>([:])

    init() {}

    /// Our processes by number, from now on.
    func set(_ processes: [Int32: String]) { ours.withLock { $0 = processes } }

    /// Fills in `command` and `owner`.
    func describe(_ readings: [GPUReading]) -> [GPUReading] {
        let ours = ours.withLock { $0 }
        var parents: [Int32: Int32] = [:]
        return readings.map { reading in
            var reading = reading
            reading.processes = reading.processes?.map { process in
                Self.climb(from: process.pid, into: &parents)
                var process = process
                process.command = ProcessFacts.name(of: process.pid)
                process.owner = GPUOwnership.owner(of: process.pid, parents: parents, ours: ours)
                return process
            }
            return reading
        }
    }

    /// Only the ancestors of those who hold memory: a machine has thousands of processes, a card a handful.
    private static func climb(from pid: Int32, into parents: inout [Int32: Int32]) {
        var current = pid
        for _ in 0..<GPUOwnership.deepest where current > 1 && parents[current] == nil {
            guard let entry = ProcessTable.entry(of: current) else { return }
            parents[current] = entry.parent
            current = entry.parent
        }
    }
}
