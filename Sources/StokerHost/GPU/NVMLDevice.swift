import CNVML
import StokerCore

/// One card, or one part of a card, for as long as the session lasts. Each getter throws what NVML answers, and gives
/// nil for a number that cannot be true.
struct NVMLDevice {
    let handle: cnvml_device
    let caller: NVMLCaller

    var functions: cnvml_functions { caller.library.functions }

    init(_ handle: cnvml_device, _ caller: NVMLCaller) {
        self.handle = handle
        self.caller = caller
    }

    // MARK: - Who it is

    func uuid() throws(NVMLCode) -> String {
        try caller.text("nvmlDeviceGetUUID", size: CNVML_UUID_SIZE, text(functions.uuid))
    }

    func product() throws(NVMLCode) -> String {
        try caller.text("nvmlDeviceGetName", size: CNVML_NAME_SIZE, text(functions.name))
    }

    func pciAddress() throws(NVMLCode) -> String {
        var info = cnvml_pci_info()
        try caller.call("nvmlDeviceGetPciInfo", functions.pci_info) { $0(handle, &info) }
        let text = withUnsafeBytes(of: info.bus_id) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return GPUIdentity.pciAddress(text)
    }

    private func text(_ function: cnvml_get_text?) -> ((UnsafeMutablePointer<CChar>, UInt32) -> Int32)? {
        function.map { function in { [handle] room, size in function(handle, room, size) } }
    }

    // MARK: - Numbers

    func number(_ name: String, _ function: cnvml_get_number?) throws(NVMLCode) -> Int64 {
        var value: UInt32 = 0
        try caller.call(name, function) { $0(handle, &value) }
        return Int64(value)
    }

    func utilization() throws(NVMLCode) -> (gpu: Double?, memory: Double?) {
        var rates = cnvml_utilization()
        try caller.call("nvmlDeviceGetUtilizationRates", functions.utilization) { $0(handle, &rates) }
        return (GPUUnit.ratio(percent: Int64(rates.gpu)), GPUUnit.ratio(percent: Int64(rates.memory)))
    }

    /// Version 2 tells what the driver keeps for itself from what processes hold; drivers before 510 cannot.
    func memory() throws(NVMLCode) -> GPUMemory {
        var memory = cnvml_memory_v2()
        memory.version = UInt32(MemoryLayout<cnvml_memory_v2>.size) | 2 << 24
        do throws(NVMLCode) {
            try caller.call("nvmlDeviceGetMemoryInfo_v2", functions.memory_v2) { $0(handle, &memory) }
        } catch {
            // Also where the card cannot do it: the older function then says so itself.
            guard error.isAbsence || error.number == CNVML_INVALID_ARGUMENT else { throw error }
            return try olderMemory()
        }
        return GPUMemory(
            total: GPUUnit.bytes(memory.total), used: GPUUnit.bytes(memory.used), free: GPUUnit.bytes(memory.free),
            reserved: GPUUnit.bytes(memory.reserved))
    }

    private func olderMemory() throws(NVMLCode) -> GPUMemory {
        var memory = cnvml_memory()
        try caller.call("nvmlDeviceGetMemoryInfo", functions.memory) { $0(handle, &memory) }
        return GPUMemory(
            total: GPUUnit.bytes(memory.total), used: GPUUnit.bytes(memory.used), free: GPUUnit.bytes(memory.free))
    }

    /// The function with a versioned argument is all that a later library may have.
    func temperature() throws(NVMLCode) -> Double? {
        var degrees: UInt32 = 0
        do throws(NVMLCode) {
            try caller.call("nvmlDeviceGetTemperature", functions.temperature) {
                $0(handle, UInt32(CNVML_SENSOR_CORE), &degrees)
            }
        } catch {
            guard error.isAbsence, functions.temperature_v != nil else { throw error }
            var versioned = cnvml_temperature()
            versioned.version = UInt32(MemoryLayout<cnvml_temperature>.size) | 1 << 24
            versioned.sensor = UInt32(CNVML_SENSOR_CORE)
            try caller.call("nvmlDeviceGetTemperatureV", functions.temperature_v) { $0(handle, &versioned) }
            return GPUUnit.celsius(Int64(versioned.degrees))
        }
        return GPUUnit.celsius(Int64(degrees))
    }

    func energy() throws(NVMLCode) -> Double? {
        var energy: UInt64 = 0
        try caller.call("nvmlDeviceGetTotalEnergyConsumption", functions.energy) { $0(handle, &energy) }
        return GPUUnit.joules(millijoules: energy)
    }

    func clock(_ domain: Int) throws(NVMLCode) -> Double? {
        var megahertz: UInt32 = 0
        try caller.call("nvmlDeviceGetClockInfo", functions.clock) { $0(handle, UInt32(domain), &megahertz) }
        return GPUUnit.hertz(megahertz: Int64(megahertz))
    }

    /// The function had another name before driver 535.
    func throttle() throws(NVMLCode) -> [GPUThrottle] {
        var bits: UInt64 = 0
        try caller.call(
            "nvmlDeviceGetCurrentClocksEventReasons",
            functions.clocks_event_reasons ?? functions.clocks_throttle_reasons
        ) { $0(handle, &bits) }
        return GPUThrottle.reasons(in: bits)
    }

    func eccErrors(_ kind: Int) throws(NVMLCode) -> Int64? {
        var count: UInt64 = 0
        try caller.call("nvmlDeviceGetTotalEccErrors", functions.ecc_errors) {
            $0(handle, UInt32(kind), UInt32(CNVML_SINCE_DRIVER_LOAD), &count)
        }
        return GPUUnit.count(count)
    }

    func remappedRows() throws(NVMLCode) -> (pending: Bool, failed: Bool) {
        var (corrected, uncorrected, pending, failed): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        try caller.call("nvmlDeviceGetRemappedRows", functions.remapped_rows) {
            $0(handle, &corrected, &uncorrected, &pending, &failed)
        }
        return (pending != 0, failed != 0)
    }

    /// Only how many: no room is given for their addresses.
    func retiredPages(_ cause: Int) throws(NVMLCode) -> Int64 {
        var count: UInt32 = 0
        do throws(NVMLCode) {
            try caller.call("nvmlDeviceGetRetiredPages", functions.retired_pages) {
                $0(handle, UInt32(cause), &count, nil)
            }
        } catch {
            guard error.number == CNVML_INSUFFICIENT_SIZE else { throw error }
        }
        return Int64(count)
    }
}
