import CLinux
import Glibc
import StokerHost
import StokerTesting
import Testing

struct ReadAheadTests {
    @Test func `a file that was not in memory is there afterwards, to its last page`() throws {
        let size = 3 << 20 | 5
        try Self.withFiles(["model.gguf": size]) { directory in
            let path = "\(directory)/model.gguf"
            try Self.evict(path)
            let outcome = ReadAhead.keep([path], most: .max)
            #expect(outcome == ReadAhead.Outcome(bytes: Int64(size), incomplete: []))
            #expect(try Self.becomesResident(path, size))
        }
    }

    @Test func `of a directory every file is kept, and what lies deeper is not looked for`() throws {
        try Self.withFiles(["a": 4096, "b": 8192]) { directory in
            mkdir("\(directory)/deeper", 0o700)
            defer { rmdir("\(directory)/deeper") }
            #expect(ReadAhead.keep([directory], most: .max) == ReadAhead.Outcome(bytes: 12_288, incomplete: []))
        }
    }

    @Test func `no more is asked for than memory allows`() throws {
        try Self.withFiles(["a": 4096, "b": 8192, "c": 4096]) { directory in
            let outcome = ReadAhead.keep([directory], most: 8192)
            #expect(outcome.bytes == 8192)
            #expect(outcome.incomplete == ["\(directory)/b", "\(directory)/c"])
        }
    }

    @Test(arguments: ["/nowhere/model.gguf", "/dev/null"])
    func `what is no file is named and costs nothing`(path: String) {
        #expect(ReadAhead.keep([path], most: .max) == ReadAhead.Outcome(bytes: 0, incomplete: [path]))
    }

    @Test(arguments: [
        ("MemTotal: 100 kB\nMemAvailable:    2048 kB\n", Int64(1 << 20)), ("MemTotal: 100 kB\n", 0),
        ("MemAvailable: x kB\n", 0), ("MemAvailable: 10 MB\n", 0), ("", 0),
    ])
    func `the budget is half of what is available`(meminfo: String, budget: Int64) {
        #expect(ReadAhead.budget(meminfo: meminfo) == budget)
    }

    // MARK: The files

    private static func withFiles(_ sizes: [String: Int], _ body: (String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        for (name, size) in sizes { try directory.write(String(repeating: "7", count: size), to: name) }
        try body(directory.path)
        withExtendedLifetime(directory) {}
    }

    /// Written to the disk and thrown out of memory. Where files live in memory only, they stay there.
    private static func evict(_ path: String) throws {
        let file = try Descriptor.open(path, O_RDWR)
        fsync(file.number)
        posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED)
    }

    /// The kernel reads by itself once it was asked: whether all pages come within some seconds.
    private static func becomesResident(_ path: String, _ size: Int) throws -> Bool {
        let file = try Descriptor.open(path, O_RDONLY)
        let pages = (size + 4095) / 4096
        guard let map = mmap(nil, size, PROT_READ, MAP_SHARED, file.number, 0), map != MAP_FAILED else { return false }
        defer { munmap(map, size) }
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(20)
        var states = [UInt8](repeating: 0, count: pages)
        while clock.now < deadline {
            guard mincore(map, size, &states) == 0 else { return false }
            if states.allSatisfy({ $0 & 1 == 1 }) { return true }
            sched_yield()
        }
        return false
    }
}
