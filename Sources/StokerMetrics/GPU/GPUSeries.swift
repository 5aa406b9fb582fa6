import StokerCore

/// The series of one card.
struct GPUSeries {
    private let reading: GPUReading
    private var gpu: GPUIdentity { reading.identity }

    init(_ reading: GPUReading) { self.reading = reading }

    func write(to scrape: inout Scrape) {
        scrape.info(
            "stoker_gpu_info", help: "What a GPU is.",
            [
                "gpu": gpu.name, "uuid": gpu.uuid, "name": gpu.product, "driver_version": gpu.driver,
                "pci_bus_id": gpu.pciAddress, "vendor": gpu.vendor.rawValue,
            ])
        writeLoad(to: &scrape)
        writePower(to: &scrape)
        writeErrors(to: &scrape)
        writeLink(to: &scrape)
        writePartitions(to: &scrape)
        writeProcesses(to: &scrape)
    }

    private func gauge(_ name: String, _ help: String, _ value: Double?, to scrape: inout Scrape) {
        guard let value else { return }
        scrape.gauge(name, help: help, ["gpu": gpu.name, "uuid": gpu.uuid], value: value)
    }

    private func counter(_ name: String, _ help: String, _ value: Double?, to scrape: inout Scrape) {
        guard let value else { return }
        scrape.counter(name, help: help, ["gpu": gpu.name, "uuid": gpu.uuid], value: value)
    }

    private func writeLoad(to scrape: inout Scrape) {
        gauge(
            "stoker_gpu_utilization_ratio", "Share of time with a kernel running, which is not work done.",
            reading.utilization, to: &scrape)
        gauge(
            "stoker_gpu_memory_activity_ratio", "Share of time in which memory was read or written.",
            reading.memoryActivity, to: &scrape)
        gauge(
            "stoker_gpu_sm_activity_ratio", "Share of the processors that were busy.", reading.smActivity, to: &scrape)
        gauge(
            "stoker_gpu_tensor_activity_ratio", "Share of time in which matrix units were busy.",
            reading.tensorActivity, to: &scrape)
        let memory = reading.memory
        gauge("stoker_gpu_memory_total_bytes", "Memory of the card.", memory.total.map(Double.init), to: &scrape)
        gauge(
            "stoker_gpu_memory_used_bytes", "Memory that processes hold.", memory.used.map(Double.init), to: &scrape)
        gauge(
            "stoker_gpu_memory_reserved_bytes", "Memory that driver and firmware keep.",
            memory.reserved.map(Double.init), to: &scrape)
        gauge("stoker_gpu_memory_free_bytes", "Memory that is free.", memory.free.map(Double.init), to: &scrape)
        for (clock, hertz) in [("sm", reading.clocks.sm), ("memory", reading.clocks.memory)] {
            guard let hertz else { continue }
            scrape.gauge(
                "stoker_gpu_clock_hertz", help: "Clocks now.", ["gpu": gpu.name, "uuid": gpu.uuid, "clock": clock],
                value: hertz)
        }
    }

    private func writePower(to scrape: inout Scrape) {
        for (sensor, celsius) in reading.temperature.bySensor {
            scrape.gauge(
                "stoker_gpu_temperature_celsius", help: "Temperature by sensor.",
                ["gpu": gpu.name, "uuid": gpu.uuid, "sensor": sensor], value: celsius)
        }
        let power = reading.power
        gauge("stoker_gpu_power_watts", "Power drawn, now or over the last second.", power.watts, to: &scrape)
        gauge("stoker_gpu_power_limit_watts", "Power limit in force.", power.limitWatts, to: &scrape)
        counter(
            "stoker_gpu_energy_joules_total", "Energy drawn since the driver was loaded.", power.energyJoules,
            to: &scrape)
        gauge("stoker_gpu_fan_speed_ratio", "Fan speed.", reading.fanSpeed, to: &scrape)
        for reason in GPUThrottle.allCases {
            let labels: KeyValuePairs = ["gpu": gpu.name, "uuid": gpu.uuid, "reason": reason.rawValue]
            if let active = reading.throttle {
                scrape.gauge(
                    "stoker_gpu_clocks_event_active", help: "1 for each reason that holds the clocks down now.", labels,
                    value: active.contains(reason) ? 1 : 0)
            }
            if let seconds = reading.throttledSeconds[reason] {
                scrape.counter(
                    "stoker_gpu_throttle_seconds_total", help: "Time for which it held the clocks down.", labels,
                    value: seconds)
            }
        }
    }

    private func writeErrors(to scrape: inout Scrape) {
        let errors = reading.errors
        counter(
            "stoker_gpu_ecc_corrected_errors_total", "Bit errors that were corrected, since the driver was loaded.",
            errors.corrected.map(Double.init), to: &scrape)
        counter(
            "stoker_gpu_ecc_uncorrected_errors_total", "Bit errors that were not, since the driver was loaded.",
            errors.uncorrected.map(Double.init), to: &scrape)
        gauge(
            "stoker_gpu_row_remap_pending", "1 if a row of memory waits for a reset to be replaced.",
            errors.rowRemapPending.map { $0 ? 1 : 0 }, to: &scrape)
        gauge(
            "stoker_gpu_row_remap_failed", "1 if a row of memory could not be replaced.",
            errors.rowRemapFailed.map { $0 ? 1 : 0 }, to: &scrape)
        gauge(
            "stoker_gpu_recovery_action",
            "What the driver asks for: 0 nothing, 1 reset, 2 reboot, 3 drain links, 4 drain and reset.",
            errors.recoveryAction.map(Double.init), to: &scrape)
        let retired = [("single_bit", errors.retiredForSingleBit), ("double_bit", errors.retiredForDoubleBit)]
        for (cause, count) in retired {
            guard let count else { continue }
            scrape.gauge(
                "stoker_gpu_retired_pages", help: "Pages of memory out of use.",
                ["gpu": gpu.name, "uuid": gpu.uuid, "cause": cause], value: Double(count))
        }
    }

    private func writeLink(to scrape: inout Scrape) {
        let link = reading.link
        counter(
            "stoker_gpu_pcie_replays_total", "Packets that had to be sent again.", link.replays.map(Double.init),
            to: &scrape)
        gauge("stoker_gpu_pcie_link_width", "Lanes now.", link.width.map(Double.init), to: &scrape)
        gauge("stoker_gpu_pcie_link_generation", "Generation now.", link.generation.map(Double.init), to: &scrape)
    }

    private func writePartitions(to scrape: inout Scrape) {
        for part in reading.partitions ?? [] {
            let labels: KeyValuePairs = ["gpu": gpu.name, "uuid": gpu.uuid, "partition": part.uuid]
            scrape.info(
                "stoker_gpu_partition_info", help: "What a part of a GPU is.",
                [
                    "gpu": gpu.name, "uuid": gpu.uuid, "partition": part.uuid, "name": part.product,
                    "gpu_instance": part.gpuInstance.map { "\($0)" } ?? "",
                ])
            if let total = part.memory.total {
                scrape.gauge(
                    "stoker_gpu_partition_memory_total_bytes", help: "Memory of the part.", labels,
                    value: Double(total))
            }
            if let used = part.memory.used {
                scrape.gauge(
                    "stoker_gpu_partition_memory_used_bytes", help: "Memory of it that processes hold.", labels,
                    value: Double(used))
            }
        }
    }

    private func writeProcesses(to scrape: inout Scrape) {
        guard let processes = reading.processes else { return }
        for (owner, bytes) in GPUOwnership.memory(of: processes) {
            scrape.gauge(
                "stoker_gpu_process_memory_bytes", help: "Memory that a process and its descendants hold.",
                ["gpu": gpu.name, "uuid": gpu.uuid, "process": owner ?? LabelValue.other], value: Double(bytes))
        }
    }
}
