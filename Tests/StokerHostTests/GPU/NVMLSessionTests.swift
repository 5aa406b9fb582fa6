import StokerCore
import StokerHost
import Testing

/// Drivers that are not there, go away and come back, and cards that are lost.
@Suite struct NVMLSessionTests {
    private func failure(of source: NVMLSource) -> String? {
        do throws(GPUSourceFailure) {
            _ = try source.read()
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(arguments: [
        (9, "NVML cannot be initialised: the NVIDIA driver is not loaded (NVML error 9)"),
        (
            18,
            "NVML cannot be initialised: library and loaded driver differ in version: reload the driver, or reboot "
                + "(NVML error 18)"
        ), (999, "NVML cannot be initialised: unknown error (NVML error 999)"),
        (4711, "NVML cannot be initialised: an error that has no name here (NVML error 4711)"),
    ])
    func `a driver that cannot is a reason in words, and is asked again`(code: Int, reason: String) throws {
        let fake = try FakeNVML("fail nvmlInitWithFlags \(code)")
        let source = fake.source()
        defer { source.end() }
        #expect(failure(of: source) == reason)
        try fake.say("")
        #expect(failure(of: source) == nil)
    }

    @Test func `a library that cannot be loaded is a reason, too`() {
        let source = NVMLSource(path: "/no/such/library.so") { Timestamp(milliseconds: 1) }
        #expect(failure(of: source)?.hasPrefix("/no/such/library.so: cannot open") == true)
    }

    @Test func `a library of another age is initialised in its way`() throws {
        let fake = try FakeNVML(without: ["nvmlInitWithFlags"])
        #expect(failure(of: fake.source()) == nil)
    }

    @Test func `a machine with a driver and no card has no readings, and no failure`() throws {
        let fake = try FakeNVML("gpus 0")
        #expect(try fake.source().read() == [])
    }

    @Test func `all cards are read, in their order`() throws {
        let fake = try FakeNVML("gpus 11")
        #expect(try fake.source().read().map(\.identity.name) == (0..<11).map { "\($0)" })
    }

    @Test(arguments: [1, 9, 18])
    func `a driver that goes away in the middle ends the session, and the next one begins anew`(code: Int) throws {
        let fake = try FakeNVML()
        let source = fake.source()
        defer { source.end() }
        _ = try source.read()
        try fake.say("fail nvmlDeviceGetTemperature \(code)")
        #expect(failure(of: source)?.hasPrefix("NVML's session is over: ") == true)
        try fake.say("driver 560.1")
        #expect(try source.read().map(\.identity.driver) == ["560.1"])
    }

    @Test func `a card that is lost says so, has no value, and the others go on`() throws {
        let fake = try FakeNVML("gpus 2\nvalue 1 utilization 50")
        let source = fake.source()
        defer { source.end() }
        #expect(try source.read().map(\.trouble) == [nil, nil])
        try fake.say("gpus 2\nlost 1")
        let readings = try source.read()
        #expect(readings[0].trouble == nil)
        #expect(readings[1].trouble == "GPU 1: the GPU is lost, it has fallen off the bus (NVML error 15)")
        #expect(readings[1].identity.uuid == "GPU-00000000-0000-0000-0000-000000010000")
        #expect(readings[1].utilization == nil && readings[1].memory == GPUMemory())
        #expect(readings[1].faults == [])
    }

    @Test func `a lost card is found again when it has been reset`() throws {
        let fake = try FakeNVML("gpus 2")
        let source = fake.source()
        defer { source.end() }
        _ = try source.read()
        try fake.say("gpus 2\nlost 1")
        for _ in 0..<70 { #expect(try source.read().map { $0.trouble == nil } == [true, false]) }
        try fake.say("gpus 2")
        var rounds = 0
        while try source.read().contains(where: { $0.trouble != nil }), rounds < 40 { rounds += 1 }
        #expect(rounds < 40)
    }

    @Test func `a card that is lost when the session begins is named by its index`() throws {
        let fake = try FakeNVML("gpus 2\nlost 1")
        let readings = try fake.source().read()
        #expect(readings.map(\.identity.name) == ["0", "1"])
        #expect(readings[1].trouble?.contains("(NVML error 15)") == true)
    }

    @Test func `a card that is not listed any more is missed`() throws {
        let fake = try FakeNVML("gpus 2")
        let source = fake.source()
        defer { source.end() }
        _ = try source.read()
        try fake.say("gpus 1\nfail nvmlDeviceGetTemperature 1")
        #expect(failure(of: source) != nil)
        try fake.say("gpus 1")
        #expect(try source.read().map(\.trouble) == [nil, "GPU 1: NVML does not list it any more"])
    }

    @Test func `a card that must be reset is as good as lost`() throws {
        let fake = try FakeNVML("fail nvmlDeviceGetUtilizationRates 16")
        let trouble = try #require(try fake.source().read().first?.trouble)
        #expect(trouble == "GPU 0: the GPU must be reset before it can be used (NVML error 16)")
    }
}
