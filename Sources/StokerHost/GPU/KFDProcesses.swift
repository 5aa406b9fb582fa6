import StokerCore

/// Who computes on AMD's cards, after the compute driver (`/sys/class/kfd`): programs that only draw are not in it.
struct KFDProcesses {
    /// By the PCI address of the card; nil for a machine without that driver.
    private var byAddress: [String: [GPUProcess]]?

    /// Reads `…/class/kfd/kfd` of that sysfs.
    init(sysfs: String) {
        let root = "\(sysfs)/class/kfd/kfd"
        let nodes = Directory.names("\(root)/topology/nodes")
        guard !nodes.isEmpty else { return }
        var addresses: [String: String] = [:]
        for node in nodes {
            guard case .text(let id) = SysfsFile.read("\(root)/topology/nodes/\(node)/gpu_id"), id != "0",
                case .text(let properties) = SysfsFile.read("\(root)/topology/nodes/\(node)/properties"),
                let address = Self.pciAddress(properties)
            else { continue }
            addresses[id] = address
        }
        var found: [String: [GPUProcess]] = Dictionary(addresses.values.map { ($0, []) }, uniquingKeysWith: { $1 })
        for pid in Directory.names("\(root)/proc").compactMap({ Int32($0) }) {
            for (id, address) in addresses {
                guard case .text(let text) = SysfsFile.read("\(root)/proc/\(pid)/vram_\(id)"),
                    let bytes = UInt64(text).flatMap(GPUUnit.bytes), bytes > 0
                else { continue }
                found[address]?.append(GPUProcess(pid: pid, memory: bytes))
            }
        }
        byAddress = found.mapValues { GPUProcess.merged($0) }
    }

    /// Those on one card; nil: it does not compute, or nobody can tell.
    func processes(on pciAddress: String) -> [GPUProcess]? { byAddress?[pciAddress] }

    /// From `domain` and `location_id`: the bus in its second byte, then five bits of device and three of function.
    static func pciAddress(_ properties: String) -> String? {
        let pairs = properties.split(separator: "\n").compactMap { line -> (Substring, UInt32)? in
            let words = line.split(separator: " ")
            guard words.count == 2, let value = UInt32(words[1]) else { return nil }
            return (words[0], value)
        }
        let values = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        guard let location = values["location_id"] else { return nil }
        let parts = [(values["domain"] ?? 0, 4), (location >> 8 & 0xff, 2), (location >> 3 & 0x1f, 2)].map {
            let digits = String($0.0, radix: 16)
            return String(repeating: "0", count: max(0, $0.1 - digits.count)) + digits
        }
        return parts.joined(separator: ":") + ".\(location & 7)"
    }
}
