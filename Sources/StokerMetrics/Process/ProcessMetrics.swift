import CMetrics

#if canImport(Glibc)
    import Glibc
#endif

/// The nine metrics that every Prometheus client library has about its own process.
package enum ProcessMetrics {
    /// Why the figures could not be had; the page then goes without them.
    enum Failure: Error {
        case unreadable(String)
    }

    /// Adds them to a registry, read from `/proc/self` at each scrape: about 30 µs, and the kernel never waits for a
    /// disk.
    package static func collect(into registry: MetricsRegistry) {
        registry.collect("process") { scrape in
            let scale = try scale()
            guard let facts = ProcessFacts(stat: try text(of: "/proc/self/stat"), scale: scale) else {
                throw Failure.unreadable("/proc/self/stat")
            }
            describe(facts, in: &scrape)
            describeLimits(in: &scrape)
        }
    }

    private static func describe(_ facts: ProcessFacts, in scrape: inout Scrape) {
        scrape.counter(
            "process_cpu_seconds_total", help: "User and system CPU time spent.", value: facts.cpuSeconds)
        scrape.gauge("process_threads", help: "Threads of the operating system.", value: Double(facts.threads))
        scrape.gauge(
            "process_start_time_seconds", help: "Start of the process, in seconds since 1970.",
            value: facts.startTimeSeconds)
        scrape.gauge(
            "process_virtual_memory_bytes", help: "Virtual memory size.", value: facts.virtualBytes)
        scrape.gauge(
            "process_resident_memory_bytes", help: "Resident memory size.", value: facts.residentBytes)
        scrape.gauge(
            "process_heap_bytes", help: "Allocated and not freed.", value: Double(cmetrics_heap_bytes()))
    }

    private static func describeLimits(in scrape: inout Scrape) {
        if let count = openDescriptors() {
            scrape.gauge("process_open_fds", help: "Open file descriptors.", value: Double(count))
        }
        if let limit = limit(of: RLIMIT_NOFILE) {
            scrape.gauge("process_max_fds", help: "Most file descriptors that may be open.", value: limit)
        }
        // -1 for "no limit", as the Go client has it: an absent series would look like a broken collector.
        scrape.gauge(
            "process_virtual_memory_max_bytes", help: "Most virtual memory that may be used, -1 for no limit.",
            value: limit(of: RLIMIT_AS) ?? -1)
    }

    private static func scale() throws -> ProcessFacts.Scale {
        guard let bootTime = ProcessFacts.bootTime(in: try text(of: "/proc/stat")) else {
            throw Failure.unreadable("/proc/stat")
        }
        return ProcessFacts.Scale(
            ticksPerSecond: Double(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            pageSize: Double(max(1, sysconf(Int32(_SC_PAGESIZE)))), bootTimeSeconds: bootTime)
    }

    private static func limit(of resource: __rlimit_resource) -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
            return nil
        }
        return Double(limit.rlim_cur)
    }

    /// Entries of `/proc/self/fd`, less the one that reads it.
    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = -1
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return max(0, count)
    }

    private static func text(of path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.unreadable(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        // /proc/stat has a line per core and per interrupt: some KiB on a desktop, some hundred on a big server.
        while bytes.count < 4 << 20 {
            let before = bytes.count
            let chunk = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
                count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
            }
            bytes += chunk
            if bytes.count == before { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
