/// Why a card runs slower than it could. The names are those of the label `reason`.
package enum GPUThrottle: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
    /// Nothing to do: in good order.
    case idle
    /// Somebody has set fixed clocks.
    case applicationClocks = "application_clocks"
    /// At the power limit: normal under load, a lost tenth or two.
    case powerCap = "sw_power_cap"
    /// Halved or worse by hardware; one of the next two says why, mostly.
    case hardwareSlowdown = "hw_slowdown"
    /// As slow as the slowest of a group.
    case syncBoost = "sync_boost"
    /// The driver keeps it below its limit.
    case thermal = "sw_thermal_slowdown"
    /// Too hot: clocks halved or worse. Fans, dust, air.
    case hardwareThermal = "hw_thermal_slowdown"
    /// The power supply asks for less.
    case powerBrake = "hw_power_brake"
    case displayClocks = "display_clocks"

    /// NVML's bit for it (`nvmlClocksEventReason…`).
    package var bit: UInt64 {
        switch self {
        case .idle: 0x1
        case .applicationClocks: 0x2
        case .powerCap: 0x4
        case .hardwareSlowdown: 0x8
        case .syncBoost: 0x10
        case .thermal: 0x20
        case .hardwareThermal: 0x40
        case .powerBrake: 0x80
        case .displayClocks: 0x100
        }
    }

    /// Whether a person may have to act on it.
    package var isTrouble: Bool {
        switch self {
        case .hardwareSlowdown, .thermal, .hardwareThermal, .powerBrake: true
        case .idle, .applicationClocks, .powerCap, .syncBoost, .displayClocks: false
        }
    }

    /// What NVML's bits say; bits of later drivers are left out.
    package static func reasons(in bits: UInt64) -> [GPUThrottle] { allCases.filter { bits & $0.bit != 0 } }
}
