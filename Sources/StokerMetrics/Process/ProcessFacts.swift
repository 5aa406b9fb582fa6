/// What the kernel says about one process, read from the text of its `/proc` files.
struct ProcessFacts: Equatable {
    /// User and system time.
    var cpuSeconds: Double
    var threads: Int
    /// Seconds since 1970, as precise as the kernel's clock ticks and the whole second of its boot time allow.
    var startTimeSeconds: Double
    var virtualBytes: Double
    var residentBytes: Double

    /// Units that the kernel counts in, and when it started.
    struct Scale: Equatable {
        var ticksPerSecond: Double
        var pageSize: Double
        /// `btime` of `/proc/stat`.
        var bootTimeSeconds: Double
    }

    /// Reads `/proc/PID/stat`; nil when it is not of the form that proc(5) describes.
    ///
    /// The second field is the program's name in parentheses, which may itself hold spaces and parentheses: what counts
    /// is the last closing one.
    init?(stat: String, scale: Scale) {
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
    static func bootTime(in stat: String) -> Double? {
        for line in stat.split(separator: "\n") where line.hasPrefix("btime ") { return Double(line.dropFirst(6)) }
        return nil
    }
}
