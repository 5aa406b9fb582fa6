import Foundation
import StokerLoad

/// What a report says of the machine that offered the load.
enum MachineFacts {
    /// Processors that this process may use.
    static var processors: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    static func read() -> RunFacts.Machine {
        RunFacts.Machine(
            host: ProcessInfo.processInfo.hostName, kernel: line("/proc/sys/kernel/osrelease") ?? "",
            processor: model ?? "",
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            clockSource: line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            ephemeralPorts: ports)
    }

    /// Whether the target runs on this machine, as far as its name says.
    static func isHere(_ target: LoadTarget) -> Bool {
        target.socketPath != nil || target.host == "localhost" || target.host == "::1" || target.host.hasPrefix("127.")
            || target.host == ProcessInfo.processInfo.hostName
    }

    private static var model: String? {
        let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let row = text?.split(separator: "\n").first { $0.hasPrefix("model name") }
        return row?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static var ports: Int? {
        let bounds = line("/proc/sys/net/ipv4/ip_local_port_range")?.split(whereSeparator: \.isWhitespace)
            .compactMap { Int($0) }
        guard let bounds, bounds.count == 2 else { return nil }
        return max(0, bounds[1] - bounds[0] + 1)
    }

    private static func line(_ path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return line.isEmpty ? nil : line
    }
}
