import Glibc
import StokerCore
import StokerHost
import Testing

@Suite struct AMDSourceTests {
    private func reading(_ change: (AMDTree) throws -> Void = { _ in }) throws -> GPUReading {
        let tree = try AMDTree()
        try change(tree)
        return try #require(try tree.source().read().first)
    }

    @Test func `a card in good order gives all in base units and no fault`() throws {
        let reading = try reading { try $0.set("module/amdgpu/version", "6.8.5\n") }
        #expect(
            reading.identity
                == GPUIdentity(
                    name: "card0", uuid: "6a1b193", vendor: .amd, product: "AMD Instinct MI250X", driver: "6.8.5",
                    pciAddress: "0000:c1:00.0"))
        #expect(reading.utilization == 0.87)
        #expect(reading.memoryActivity == 0.12)
        #expect(reading.memory == GPUMemory(total: 68_702_699_520, used: 11_137_024, free: 68_691_562_496))
        #expect(reading.temperature == GPUTemperature(memory: 50, edge: 40, junction: 45.5))
        #expect(reading.power == GPUPower(watts: 92, limitWatts: 560))
        #expect(reading.clocks == GPUClocks(sm: 8e8, memory: 1.6e9))
        #expect(reading.errors.uncorrected == 1)
        #expect(reading.errors.corrected == 7)
        #expect(reading.link.generation == 4 && reading.link.width == 16 && reading.link.replays == 3)
        #expect(reading.fanSpeed == nil)
        #expect(reading.throttle == nil)
        #expect(reading.processes == nil)
        #expect(reading.faults == [])
    }

    /// Each file by itself, and what it gives.
    static let values: [(file: String, isAbsent: @Sendable (GPUReading) -> Bool)] = [
        ("gpu_busy_percent", { $0.utilization == nil }),
        ("mem_busy_percent", { $0.memoryActivity == nil }),
        ("mem_info_vram_total", { $0.memory.total == nil && $0.memory.free == nil }),
        ("mem_info_vram_used", { $0.memory.used == nil && $0.memory.free == nil }),
        ("hwmon/hwmon3/temp1_input", { $0.temperature.edge == nil }),
        ("hwmon/hwmon3/temp2_input", { $0.temperature.junction == nil }),
        ("hwmon/hwmon3/power1_average", { $0.power.watts == nil }),
        ("hwmon/hwmon3/power1_cap", { $0.power.limitWatts == nil }),
        ("hwmon/hwmon3/freq2_input", { $0.clocks.memory == nil }),
        ("current_link_width", { $0.link.width == nil }),
        ("pcie_replay_count", { $0.link.replays == nil }),
    ]

    private func isAbsent(_ file: String, _ reading: GPUReading) -> Bool {
        Self.values.first { $0.file == file }?.isAbsent(reading) ?? false
    }

    @Test(arguments: values.map(\.file))
    func `a file that is not there is an absent value, and nothing is wrong`(file: String) throws {
        let reading = try reading { try $0.set("card0", file, nil) }
        #expect(isAbsent(file, reading))
        #expect(reading.faults == [])
        #expect(reading.identity.product == "AMD Instinct MI250X")
    }

    @Test(arguments: values.map(\.file))
    func `garbage in a file is an absent value and a line that quotes it`(file: String) throws {
        let reading = try reading { try $0.set("card0", file, "\u{1b}[31mN/A") }
        #expect(isAbsent(file, reading))
        let name = file.split(separator: "/").last.map(String.init) ?? ""
        #expect(reading.faults.first?.hasPrefix("\(name): \"") == true)
        #expect(reading.faults.allSatisfy { !$0.contains("\u{1b}") })
    }

    @Test(arguments: ["", "-1", "101", "18446744073709551616", "87 %", "0x57"])
    func `what is no percentage is absent, with a reason`(text: String) throws {
        let reading = try reading { try $0.set("card0", "gpu_busy_percent", text) }
        #expect(reading.utilization == nil)
        #expect(reading.faults.count == 1)
    }

    @Test func `what cannot be read is absent, with the system's reason`() throws {
        let reading = try reading { tree in
            try tree.set("card0", "gpu_busy_percent", nil)
            mkdir("\(tree.path)/class/drm/card0/device/gpu_busy_percent", 0o755)
        }
        #expect(reading.utilization == nil)
        #expect(reading.faults == ["gpu_busy_percent: Is a directory"])
    }

    @Test func `bytes that are no text are absent, with a reason`() throws {
        let reading = try reading { tree in
            let path = "\(tree.path)/class/drm/card0/device/gpu_busy_percent"
            let file = try Descriptor.open(path, O_WRONLY | O_TRUNC)
            var byte: UInt8 = 0xff
            _ = write(file.number, &byte, 1)
        }
        #expect(reading.utilization == nil)
        #expect(reading.faults == ["gpu_busy_percent: not text"])
    }

    @Test func `a newer card has its power under another name`() throws {
        let reading = try reading {
            try $0.set("card0", "hwmon/hwmon3/power1_average", nil)
            try $0.set("card0", "hwmon/hwmon3/power1_input", "55000000\n")
        }
        #expect(reading.power.watts == 55)
    }

    @Test func `a card without sensors has its clock from the list of clocks`() throws {
        let reading = try reading { try $0.set("card0", "hwmon/hwmon3/freq1_input", nil) }
        #expect(reading.clocks.sm == 1.7e9)
    }

    @Test(arguments: ["", "0: 500Mhz\n1: 1700Mhz", "*", "x *", "1: Mhz *", "1: 99999999999Mhz *"])
    func `a list of clocks without a present one gives none`(text: String) throws {
        let reading = try reading {
            try $0.set("card0", "hwmon/hwmon3/freq1_input", nil)
            try $0.set("card0", "pp_dpm_sclk", text)
        }
        #expect(reading.clocks.sm == nil)
    }

    @Test func `a fan has its speed as a ratio`() throws {
        #expect(try reading { try $0.set("card0", "hwmon/hwmon3/pwm1", "51\n") }.fanSpeed == 0.2)
    }

    @Test func `a card without a number of its own is known by its place, one without a name by its device`() throws {
        let identity = try reading {
            try $0.set("card0", "unique_id", nil)
            try $0.set("card0", "product_name", "\n")
        }.identity
        #expect(identity.uuid == "0000:c1:00.0")
        #expect(identity.product == "AMD GPU 0x7408")
    }

    @Test func `only AMD's cards are read, in their order, and no connectors`() throws {
        let tree = try AMDTree(cards: ["card10", "card2"])
        try tree.set("card3", "vendor", "0x8086\n")
        try tree.set("card2-DP-1", "vendor", "0x1002\n")
        try tree.set("renderD128", "vendor", "0x1002\n")
        #expect(try tree.source().read().map(\.identity.name) == ["card2", "card10"])
    }

    @Test func `a card that vanishes is missed`() throws {
        let tree = try AMDTree(cards: ["card0", "card1"])
        let source = tree.source()
        #expect(try source.read().map(\.trouble) == [nil, nil])
        tree.remove("card1")
        let readings = try source.read()
        #expect(readings.map(\.trouble) == [nil, "card1: the kernel does not list it any more"])
        #expect(readings[1].utilization == nil)
    }

    @Test func `no card at all is a failure`() throws {
        let tree = try AMDTree(cards: [])
        #expect(throws: GPUSourceFailure("no AMD card is in \(tree.path)/class/drm")) { try tree.source().read() }
    }

    @Test func `holders of memory come from the compute driver, by the card's place`() throws {
        let tree = try AMDTree(cards: ["card0", "card1"])
        try tree.set("class/kfd/kfd/topology/nodes/0/gpu_id", "0\n")
        try tree.set("class/kfd/kfd/topology/nodes/1/gpu_id", "4711\n")
        try tree.set("class/kfd/kfd/topology/nodes/1/properties", "simd_count 440\nlocation_id 49408\ndomain 0\n")
        try tree.addProcess(812, bytes: 1 << 30)
        try tree.addProcess(813, bytes: 0)
        try tree.addProcess(814, bytes: 5, gpu: "9")
        let readings = try tree.source().read()
        #expect(readings[0].processes == [GPUProcess(pid: 812, memory: 1 << 30)])
        #expect(readings[1].processes == nil)
    }
}
