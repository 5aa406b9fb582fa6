import StokerCore
import StokerHost
import Testing

/// Who holds memory, and of which part of a card.
@Suite struct NVMLProcessTests {
    private func reading(_ script: String, without functions: [String] = []) throws -> GPUReading {
        let fake = try FakeNVML(script, without: functions)
        let source = fake.source()
        defer { source.end() }
        return try #require(try source.read().first)
    }

    @Test func `each holder has its memory`() throws {
        let found = try reading("process 0 812 1048576\nprocess 0 77 2097152").processes
        #expect(found == [GPUProcess(pid: 77, memory: 2 << 20), GPUProcess(pid: 812, memory: 1 << 20)])
    }

    @Test func `more than there is room for are asked for again`() throws {
        let many = (1...100).map { "process 0 \($0) 1024" }.joined(separator: "\n")
        #expect(try reading(many).processes?.count == 100)
    }

    @Test func `an old library has the list without partitions`() throws {
        let old = try reading("process 0 812 1048576", without: ["nvmlDeviceGetComputeRunningProcesses_v3"])
        #expect(old.processes == [GPUProcess(pid: 812, memory: 1 << 20)])
    }

    @Test func `memory that the driver does not tell apart is unknown, not zero`() throws {
        #expect(try reading("process 0 812 18446744073709551615").processes == [GPUProcess(pid: 812)])
    }

    /// As drivers 535.43 to 535.98 do, which fill a larger struct than they say.
    @Test(arguments: ["process 0 812 85899345921", "process 0 0 1", "process 0 4294967295 1"])
    func `a list with nonsense in it is worth nothing, and that is said`(line: String) throws {
        let reading = try reading("process 0 5 1\n\(line)")
        #expect(reading.processes == nil)
        #expect(reading.faults == ["processes: the driver's list makes no sense"])
    }

    @Test func `a card in parts tells them, and who is in which`() throws {
        let reading = try reading("part 0 1 10737418240\npart 0 9 21474836480\nprocess 0 812 1048576 9")
        #expect(
            reading.partitions?.map(\.uuid) == [
                "MIG-GPU-00000000-0000-0000-0000-000000000001", "MIG-GPU-00000000-0000-0000-0000-000000000002",
            ])
        #expect(reading.partitions?.map(\.gpuInstance) == [1, 9])
        #expect(reading.partitions?.map(\.memory.total) == [10 << 30, 20 << 30])
        #expect(reading.partitions?.map(\.product) == ["Part of NVIDIA Fake 80GB", "Part of NVIDIA Fake 80GB"])
        #expect(reading.processes == [GPUProcess(pid: 812, memory: 1 << 20, gpuInstance: 9)])
    }

    @Test func `a number of parts that cannot be keeps nobody busy`() throws {
        #expect(try reading("part 0 1 1024\nvalue 0 max_parts 4000000000").partitions?.count == 1)
    }
}
