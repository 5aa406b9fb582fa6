import StokerAdmin
import StokerCore
import Testing

@Suite("The GPUs of the status screen")
struct GPUTableTests {
    private func reading(_ name: String, _ change: (inout GPUReading) -> Void = { _ in }) -> GPUReading {
        let identity = GPUIdentity(name: name, uuid: "GPU-\(name)", vendor: .nvidia, product: "NVIDIA H100")
        var reading = GPUReading(identity: identity, time: Timestamp(milliseconds: 1))
        reading.utilization = 0.874
        reading.memory = GPUMemory(total: 80 << 30, used: 72 << 30)
        reading.temperature.core = 41
        reading.power.watts = 71.5
        change(&reading)
        return reading
    }

    private func screen(_ readings: [GPUReading], _ state: GPUSourceState.State = .fresh) -> String {
        var report = healthyReport()
        report.processes = []
        report.models = []
        let reason = "NVML has not answered for 12 s (nvmlDeviceGetName of GPU 0)"
        let source = GPUSourceState(source: .nvml, state: state, reason: state == .fresh ? nil : reason)
        report.gpus = GPUReport(sources: [source], readings: readings, expected: readings.count)
        return StatusScreen(report).rendered(TextStyle()).split(separator: "\n").dropFirst(3).joined(separator: "\n")
    }

    @Test func `a line each says how it is and who holds its memory, the largest first`() {
        let busy = reading("0") { reading in
            reading.processes = [
                GPUProcess(pid: 7, memory: 2 << 30, command: "python3"),
                GPUProcess(pid: 8, memory: 60 << 30, command: "VLLM::Worker", owner: "deepseek-a"),
                GPUProcess(pid: 9, memory: 10 << 30, command: "VLLM::Worker", owner: "deepseek-a"),
                GPUProcess(pid: 10),
            ]
        }
        let idle = reading("1") { $0.utilization = 0 }
        #expect(
            screen([busy, idle]) == """
                GPU  PRODUCT      BUSY            MEMORY   TEMP  POWER  MEMORY HELD BY
                0    NVIDIA H100  87 %  72 GiB of 80 GiB  41 °C   72 W  deepseek-a 70 GiB, python3 (pid 7) 2.0 GiB, a process (pid 10)
                1    NVIDIA H100   0 %  72 GiB of 80 GiB  41 °C   72 W
                """)
    }

    @Test func `what is absent is blank`() {
        let bare = reading("0") { reading in
            reading.utilization = nil
            reading.memory = GPUMemory()
            reading.temperature = GPUTemperature()
            reading.power = GPUPower()
        }
        #expect(screen([bare]) == "GPU  PRODUCT\n0    NVIDIA H100")
    }

    @Test func `what slows it and what could not be read is shown, good order is not`() {
        let text = screen([
            reading("0") { reading in
                reading.throttle = [.powerCap, .hardwareSlowdown, .hardwareThermal]
                reading.faults = ["fan: unknown error (NVML error 999)"]
            }
        ])
        #expect(text.contains("SLOWED BY"))
        #expect(text.contains("hw_slowdown, hw_thermal_slowdown  fan"))
        #expect(!text.contains("sw_power_cap"))
    }

    @Test func `a driver that hangs shows no old figure, and says why`() {
        #expect(
            screen([reading("0")], .silent) == """
                GPU  PRODUCT      MEMORY HELD BY
                0    NVIDIA H100  no longer true
                GPUs cannot be read: NVML has not answered for 12 s (nvmlDeviceGetName of GPU 0)
                """)
    }

    @Test func `a driver that never answered is one line`() {
        #expect(screen([], .unavailable).hasPrefix("GPUs cannot be read: NVML has not answered"))
        #expect(screen([], .fresh) == "")
    }

    @Test func `a lost card says so`() {
        let lost = reading("1") { $0.trouble = "GPU 1: the GPU is lost" }
        #expect(screen([lost]).contains("GPU 1: the GPU is lost"))
        #expect(!screen([lost]).contains("87 %"))
    }

    @Test func `many holders are counted`() {
        let crowded = reading("0") { reading in
            reading.processes = (1...9).map { GPUProcess(pid: $0, memory: Int64(10 - $0) << 20, command: "p") }
        }
        #expect(screen([crowded]).contains("p (pid 4) 6.0 MiB, 5 more"))
    }

    @Test func `no name steers the terminal`() {
        let hostile = reading("0") { reading in
            reading.identity.product = "\u{1b}[2J"
            reading.faults = ["\u{1b}[2J"]
            reading.processes = [GPUProcess(pid: 1, memory: 1, command: "\u{1b}[2J")]
        }
        #expect(!screen([hostile]).contains("\u{1b}"))
    }
}
