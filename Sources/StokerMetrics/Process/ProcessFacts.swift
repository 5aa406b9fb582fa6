/// What the kernel says about one process, read from the text of its `/proc` files.
package struct ProcessFacts: Sendable, Equatable {
    /// User and system time.
    package var cpuSeconds: Double
    package var threads: Int
    /// Seconds since 1970, as precise as the kernel's clock ticks and the whole second of its boot time allow.
    package var startTimeSeconds: Double
    package var virtualBytes: Double
    package var residentBytes: Double

    /// Units that the kernel counts in, and when it started.
    package struct Scale: Sendable, Equatable {
        package var ticksPerSecond: Double
        package var pageSize: Double
        /// `btime` of `/proc/stat`.
        package var bootTimeSeconds: Double

        package init(ticksPerSecond: Double, pageSize: Double, bootTimeSeconds: Double) {
            self.ticksPerSecond = ticksPerSecond
            self.pageSize = pageSize
            self.bootTimeSeconds = bootTimeSeconds
        }
    }

    /// Reads `/proc/PID/stat`; nil when it is not of the form that proc(5) describes.
    ///
    /// The second field is the program's name in parentheses, which may itself hold spaces and parentheses: what counts
    /// is the last closing one.
    package init?(stat: String, scale: Scale) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        // Field 3 of proc(5), the state, comes first here.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        func field(_ number: Int) -> Double? {
            fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil
        }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let pages = field(24), let threads = Int(exactly: threads)
        else { return nil }
        cpuSeconds = (user + system) / scale.ticksPerSecond
        self.threads = threads
        startTimeSeconds = scale.bootTimeSeconds + start / scale.ticksPerSecond
        virtualBytes = virtual
        residentBytes = pages * scale.pageSize
    }

    /// The boot time in the text of `/proc/stat`.
    package static func bootTime(in stat: String) -> Double? {
        for line in stat.split(separator: "\n") where line.hasPrefix("btime ") { return Double(line.dropFirst(6)) }
        return nil
    }
}
