import StokerCore

/// Reads one AMD card from the files of its driver. Each value fails by itself.
struct AMDCard {
    /// PCI's number for AMD, as the file `vendor` has it.
    static let vendor = "0x1002"

    private(set) var reading: GPUReading
    private let directory: String
    private let monitor: String?

    /// - Parameters:
    ///   - directory: `…/card1/device`.
    ///   - name: `card1`.
    init(in directory: String, name: String, driver: String, time: Timestamp) {
        self.directory = directory
        monitor = Directory.names("\(directory)/hwmon").sorted().first.map { "\(directory)/hwmon/\($0)" }
        reading = GPUReading(identity: GPUIdentity(name: name, uuid: "", vendor: .amd), time: time)
        reading.identity = identity(name: name, driver: driver)
        readLoad()
        readSensors()
        readErrors()
        readLink()
    }

    // MARK: - Files

    /// A file's text; nil when there is none, with a line about it when there should be one.
    private mutating func text(_ name: String, in folder: String? = nil) -> String? {
        switch SysfsFile.read("\(folder ?? directory)/\(name)") {
        case .text(let text): return text
        case .absent: return nil
        case .failed(let reason):
            reading.faults.append("\(name): \(reason)")
            return nil
        }
    }

    /// A whole number that becomes a value; what is none, or cannot be true, is a fault.
    private mutating func number<Value>(
        _ name: String, in folder: String? = nil, _ convert: (Int64) -> Value?
    ) -> Value? {
        guard let text = text(name, in: folder) else { return nil }
        if let value = Int64(text).flatMap(convert) { return value }
        reading.faults.append("\(name): \"\(SafeText.escaped(String(text.prefix(32))))\" makes no sense")
        return nil
    }

    // MARK: - Values

    private mutating func identity(name: String, driver: String) -> GPUIdentity {
        let address =
            text("uevent")?.split(separator: "\n").first { $0.hasPrefix("PCI_SLOT_NAME=") }
            .map { String($0.dropFirst("PCI_SLOT_NAME=".count)) } ?? ""
        let product = text("product_name") ?? ""
        return GPUIdentity(
            name: name, uuid: text("unique_id") ?? address, vendor: .amd,
            product: product.isEmpty ? "AMD GPU \(text("device") ?? "")" : product, driver: driver,
            pciAddress: GPUIdentity.pciAddress(address))
    }

    private mutating func readLoad() {
        reading.utilization = number("gpu_busy_percent") { GPUUnit.ratio(percent: $0) }
        reading.memoryActivity = number("mem_busy_percent") { GPUUnit.ratio(percent: $0) }
        reading.memory.total = number("mem_info_vram_total", Self.bytes)
        reading.memory.used = number("mem_info_vram_used", Self.bytes)
        if let total = reading.memory.total, let used = reading.memory.used, used <= total {
            reading.memory.free = total - used
        }
    }

    private static func bytes(_ count: Int64) -> Int64? { UInt64(exactly: count).flatMap(GPUUnit.bytes) }

    private mutating func readSensors() {
        if let monitor {
            for index in 1...4 {
                guard let celsius = number("temp\(index)_input", in: monitor, GPUUnit.celsius(thousandths:)) else {
                    continue
                }
                switch text("temp\(index)_label", in: monitor) {
                case "edge": reading.temperature.edge = celsius
                case "junction": reading.temperature.junction = celsius
                case "mem": reading.temperature.memory = celsius
                default: continue
                }
            }
            reading.power.watts =
                number("power1_average", in: monitor, GPUUnit.watts(microwatts:))
                ?? number("power1_input", in: monitor, GPUUnit.watts(microwatts:))
            reading.power.limitWatts = number("power1_cap", in: monitor, GPUUnit.watts(microwatts:))
            reading.clocks.sm = number("freq1_input", in: monitor) { GPUUnit.hertz($0) }
            reading.clocks.memory = number("freq2_input", in: monitor) { GPUUnit.hertz($0) }
            reading.fanSpeed = number("pwm1", in: monitor) { (0...255).contains($0) ? Double($0) / 255 : nil }
        }
        if reading.clocks.sm == nil { reading.clocks.sm = text("pp_dpm_sclk").flatMap(Self.presentClock) }
        if reading.clocks.memory == nil { reading.clocks.memory = text("pp_dpm_mclk").flatMap(Self.presentClock) }
    }

    /// The line with a star of `0: 500Mhz\n1: 1700Mhz *`.
    static func presentClock(_ text: String) -> Double? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasSuffix("*") }),
            let colon = line.firstIndex(of: ":")
        else { return nil }
        let digits = line[line.index(after: colon)...].drop { $0 == " " }.prefix { $0.isASCII && $0.isNumber }
        return Int64(digits).flatMap(GPUUnit.hertz(megahertz:))
    }

    private mutating func readErrors() {
        for name in Directory.names("\(directory)/ras").sorted() where name.hasSuffix("_err_count") {
            guard let text = text(name, in: "\(directory)/ras") else { continue }
            let counts = Self.errorCounts(text)
            reading.errors.uncorrected = Self.sum(reading.errors.uncorrected, counts["ue"])
            reading.errors.corrected = Self.sum(reading.errors.corrected, counts["ce"])
        }
    }

    /// `ue: 0\nce: 3`.
    static func errorCounts(_ text: String) -> [String: Int64] {
        let pairs = text.split(separator: "\n").compactMap { line -> (String, Int64)? in
            let parts = line.split(separator: ":")
            guard parts.count == 2, let count = UInt64(parts[1].drop { $0 == " " }).flatMap(GPUUnit.count) else {
                return nil
            }
            return (String(parts[0]), count)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private static func sum(_ one: Int64?, _ other: Int64?) -> Int64? {
        guard let other else { return one }
        return (one ?? 0) &+ other
    }

    private mutating func readLink() {
        reading.link.generation = text("current_link_speed").flatMap { GPUUnit.pcieGeneration(speed: $0) }
        reading.link.maxGeneration = text("max_link_speed").flatMap { GPUUnit.pcieGeneration(speed: $0) }
        reading.link.width = number("current_link_width", Self.lanes)
        reading.link.maxWidth = number("max_link_width", Self.lanes)
        reading.link.replays = number("pcie_replay_count") { UInt64(exactly: $0).flatMap(GPUUnit.count) }
    }

    private static func lanes(_ count: Int64) -> Int? { (0...64).contains(count) ? Int(count) : nil }

    /// Adds who holds memory, which another part of the driver knows.
    mutating func take(_ processes: [GPUProcess]?) { reading.processes = processes }
}
