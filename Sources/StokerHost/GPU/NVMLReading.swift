import CNVML
import StokerCore

/// Gathers what one card says. Each value fails by itself; when the card or the driver is gone, no more is asked.
struct NVMLReading {
    private(set) var reading: GPUReading
    /// The card is lost, or the session over.
    private(set) var end: NVMLCode?
    private let device: NVMLDevice

    init(of device: NVMLDevice, identity: GPUIdentity, activity: NVMLActivity, time: Timestamp) {
        self.device = device
        reading = GPUReading(identity: identity, time: time)
        readLoad(activity)
        readPower()
        readErrors()
        readLink()
        readPartitions()
        readProcesses()
        guard let end else { return }
        // Half a reading of a card that is gone would look like a card that is idle.
        reading = GPUReading(identity: identity, time: time)
        reading.trouble = "GPU \(identity.name): \(end.words)"
    }

    /// One value, or nil and a line about why it is missing.
    private mutating func take<Value>(_ what: String, _ read: (NVMLDevice) throws(NVMLCode) -> Value?) -> Value? {
        guard end == nil else { return nil }
        do throws(NVMLCode) {
            return try read(device)
        } catch {
            if error.isLoss || error.isEndOfSession {
                end = error
            } else if !error.isAbsence {
                reading.faults.append("\(what): \(error.words)")
            }
            return nil
        }
    }

    private var functions: cnvml_functions { device.functions }

    private mutating func readLoad(_ activity: NVMLActivity) {
        let rates = take("utilization") { (device) throws(NVMLCode) in try device.utilization() }
        reading.utilization = rates?.gpu
        reading.memoryActivity = rates?.memory
        let busy = take("activity") { (_) throws(NVMLCode) in try activity.read() }
        reading.smActivity = busy?.sm
        reading.tensorActivity = busy?.tensor
        reading.memory = take("memory") { (device) throws(NVMLCode) in try device.memory() } ?? GPUMemory()
        reading.clocks = GPUClocks(
            sm: take("SM clock") { (device) throws(NVMLCode) in try device.clock(CNVML_CLOCK_SM) },
            memory: take("memory clock") { (device) throws(NVMLCode) in try device.clock(CNVML_CLOCK_MEMORY) })
        reading.throttle = take("clock limits") { (device) throws(NVMLCode) in try device.throttle() }
    }

    private mutating func readPower() {
        let fields = take("field values") { (device) throws(NVMLCode) in
            try device.fields(NVMLDevice.fieldsOfInterest)
        }
        reading.temperature.core = take("temperature") { (device) throws(NVMLCode) in try device.temperature() }
        // Zero is what cards without such a sensor say.
        reading.temperature.memory = fields?[CNVML_FIELD_MEMORY_TEMPERATURE].flatMap { value in
            value == 0 ? nil : GPUUnit.celsius(Int64(clamping: value))
        }
        let milliwatts =
            take("power") { (device) throws(NVMLCode) in
                try device.number("nvmlDeviceGetPowerUsage", device.functions.power)
            }
            ?? fields?[CNVML_FIELD_POWER_INSTANT].map(Int64.init(clamping:))
        reading.power.watts = milliwatts.flatMap(GPUUnit.watts(milliwatts:))
        reading.power.limitWatts = take("power limit") { (device) throws(NVMLCode) in
            GPUUnit.watts(
                milliwatts: try device.number("nvmlDeviceGetEnforcedPowerLimit", device.functions.power_limit))
        }
        reading.power.energyJoules = take("energy") { (device) throws(NVMLCode) in try device.energy() }
        reading.fanSpeed = take("fan") { (device) throws(NVMLCode) in
            GPUUnit.ratio(percent: try device.number("nvmlDeviceGetFanSpeed", device.functions.fan_speed), most: 200)
        }
        reading.errors.recoveryAction = fields?[CNVML_FIELD_RECOVERY_ACTION].flatMap(Int.init(exactly:))
        for (field, reason) in NVMLDevice.throttleFields {
            reading.throttledSeconds[reason] = fields?[field].flatMap(GPUUnit.seconds(nanoseconds:))
        }
    }

    private mutating func readErrors() {
        reading.errors.corrected = take("corrected errors") { (device) throws(NVMLCode) in
            try device.eccErrors(CNVML_ERRORS_CORRECTED)
        }
        reading.errors.uncorrected = take("uncorrected errors") { (device) throws(NVMLCode) in
            try device.eccErrors(CNVML_ERRORS_UNCORRECTED)
        }
        let rows = take("remapped rows") { (device) throws(NVMLCode) in try device.remappedRows() }
        reading.errors.rowRemapPending = rows?.pending
        reading.errors.rowRemapFailed = rows?.failed
        reading.errors.retiredForSingleBit = take("retired pages") { (device) throws(NVMLCode) in
            try device.retiredPages(CNVML_RETIRED_SINGLE_BIT)
        }
        reading.errors.retiredForDoubleBit = take("retired pages") { (device) throws(NVMLCode) in
            try device.retiredPages(CNVML_RETIRED_DOUBLE_BIT)
        }
    }

    private mutating func readLink() {
        reading.link.generation = small("nvmlDeviceGetCurrPcieLinkGeneration", functions.link_generation)
        reading.link.width = small("nvmlDeviceGetCurrPcieLinkWidth", functions.link_width)
        reading.link.maxGeneration = small("nvmlDeviceGetMaxPcieLinkGeneration", functions.max_link_generation)
        reading.link.maxWidth = small("nvmlDeviceGetMaxPcieLinkWidth", functions.max_link_width)
        reading.link.replays = take("PCIe replays") { (device) throws(NVMLCode) in
            try device.number("nvmlDeviceGetPcieReplayCounter", device.functions.link_replays)
        }
    }

    /// A generation or a number of lanes; what is above a hundred is neither.
    private mutating func small(_ name: String, _ function: cnvml_get_number?) -> Int? {
        take("PCIe link") { (device) throws(NVMLCode) in
            let value = try device.number(name, function)
            return value <= 100 ? Int(value) : nil
        }
    }

    private mutating func readPartitions() {
        reading.partitions = take("MIG") { (device) throws(NVMLCode) in try device.partitions() }
    }

    private mutating func readProcesses() {
        let total = reading.memory.total
        // Nothing is wrong where the function is not there; nonsense is.
        reading.processes = take("processes") { (device) throws(NVMLCode) -> [GPUProcess]?? in
            .some(try device.processes(memoryOfCard: total))
        }.flatMap { list in
            if list == nil { reading.faults.append("processes: the driver's list makes no sense") }
            return list
        }
    }
}
