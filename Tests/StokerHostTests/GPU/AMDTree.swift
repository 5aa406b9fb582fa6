import Glibc
import StokerCore
import StokerHost

/// A sysfs with AMD's cards, made file by file.
final class AMDTree: Sendable {
    private let directory: TemporaryDirectory
    var path: String { directory.path }

    /// - Parameter cards: which there are; each as an MI250X has its files.
    init(cards: [String] = ["card0"]) throws {
        directory = try TemporaryDirectory()
        for (index, card) in cards.enumerated() { try add(card, bus: 0xc1 + index) }
    }

    func source() -> AMDSource { AMDSource(sysfs: path) { Timestamp(milliseconds: 7) } }

    /// Writes a file, and the directories above it; nil removes it.
    func set(_ file: String, _ text: String?) throws {
        guard let text else {
            unlink(directory.file(file))
            return
        }
        var above = ""
        for part in file.split(separator: "/").dropLast() {
            above += above.isEmpty ? "\(part)" : "/\(part)"
            mkdir(directory.file(above), 0o755)
        }
        try directory.write(text, to: file)
    }

    /// A file of a card's device.
    func set(_ card: String, _ file: String, _ text: String?) throws {
        try set("class/drm/\(card)/device/\(file)", text)
    }

    /// Takes a card's directory away, as the kernel does when the card falls off the bus.
    func remove(_ card: String) {
        rename(directory.file("class/drm/\(card)"), directory.file("class/gone-\(card)"))
    }

    /// One who computes, as the compute driver lists it.
    func addProcess(_ pid: Int32, bytes: Int64, gpu: String = "4711") throws {
        try set("class/kfd/kfd/proc/\(pid)/vram_\(gpu)", "\(bytes)\n")
    }

    private func add(_ card: String, bus: Int) throws {
        let address = "0000:" + String(bus, radix: 16) + ":00.0"
        let files = [
            "vendor": "0x1002", "device": "0x7408", "unique_id": "6a1b\(bus)", "product_name": "AMD Instinct MI250X",
            "uevent": "DRIVER=amdgpu\nPCI_CLASS=38000\nPCI_SLOT_NAME=\(address)\nMODALIAS=pci:v1",
            "gpu_busy_percent": "87", "mem_busy_percent": "12", "mem_info_vram_total": "68702699520",
            "mem_info_vram_used": "11137024", "pp_dpm_sclk": "0: 500Mhz\n1: 1700Mhz *",
            "hwmon/hwmon3/temp1_input": "40000", "hwmon/hwmon3/temp1_label": "edge",
            "hwmon/hwmon3/temp2_input": "45500", "hwmon/hwmon3/temp2_label": "junction",
            "hwmon/hwmon3/temp3_input": "50000", "hwmon/hwmon3/temp3_label": "mem",
            "hwmon/hwmon3/power1_average": "92000000", "hwmon/hwmon3/power1_cap": "560000000",
            "hwmon/hwmon3/freq1_input": "800000000", "hwmon/hwmon3/freq2_input": "1600000000",
            "ras/umc_err_count": "ue: 1\nce: 5", "ras/gfx_err_count": "ue: 0\nce: 2", "ras/features": "0x1ff",
            "current_link_speed": "16.0 GT/s PCIe", "current_link_width": "16", "max_link_speed": "16.0 GT/s PCIe",
            "max_link_width": "16", "pcie_replay_count": "3",
        ]
        for (file, text) in files { try set(card, file, text + "\n") }
    }
}
