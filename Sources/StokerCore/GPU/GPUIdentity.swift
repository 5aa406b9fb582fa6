/// Which card: what stays the same as long as it is in the machine.
package struct GPUIdentity: Sendable, Hashable, Codable {
    /// Who made it, and so who is asked about it.
    package enum Vendor: String, Sendable, Hashable, Codable, CaseIterable {
        case nvidia, amd
    }

    /// How people and other tools call it: NVML's index, `0`; the kernel's name of an AMD card, `card1`.
    package var name: String
    /// NVML's `GPU-…`, or AMD's `unique_id`; the PCI address where the card has neither.
    package var uuid: String
    package var vendor: Vendor
    /// The product: `NVIDIA H100 80GB HBM3`.
    package var product: String
    /// Version of the kernel's driver; empty where it does not say.
    package var driver: String
    /// `0000:3b:00.0`, in lower case, as the kernel writes it.
    package var pciAddress: String

    package init(
        name: String, uuid: String, vendor: Vendor, product: String = "", driver: String = "", pciAddress: String = ""
    ) {
        self.name = name
        self.uuid = uuid
        self.vendor = vendor
        self.product = product
        self.driver = driver
        self.pciAddress = pciAddress
    }

    /// The kernel's form of a PCI address. NVML writes a domain of eight digits and capitals: `00000000:3B:00.0`.
    package static func pciAddress(_ text: String) -> String {
        let lower = text.lowercased()
        guard let colon = lower.firstIndex(of: ":") else { return lower }
        let domain = lower[..<colon]
        guard domain.count > 4, domain.dropLast(4).allSatisfy({ $0 == "0" }) else { return lower }
        return "\(domain.suffix(4))\(lower[colon...])"
    }
}
