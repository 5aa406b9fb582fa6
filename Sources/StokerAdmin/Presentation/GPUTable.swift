import StokerCore

/// The GPUs in `stoker status`: a line each, and a line for why they cannot be read.
struct GPUTable {
    /// More holders of memory are only counted.
    private static let mostHolders = 4

    private let report: GPUReport

    init(_ report: GPUReport) { self.report = report }

    /// Begins with a blank line; empty when there is nothing to say.
    func rendered(_ style: TextStyle) -> String {
        var text = ""
        if !report.readings.isEmpty { text += "\n" + table.rendered(style) }
        for source in report.sources where source.state == .silent || source.state == .unavailable {
            let line = SafeText.escaped("GPUs cannot be read: \(source.reason ?? "no reason given")")
            text += (text.isEmpty ? "\n" : "") + style.paint(line, .bad) + "\n"
        }
        return text
    }

    private var table: Table {
        Table(
            [
                .init("GPU"), .init("PRODUCT"), .init("BUSY", .right), .init("MEMORY", .right), .init("TEMP", .right),
                .init("POWER", .right), .init("SLOWED BY"), .init("NOT READ"), .init("MEMORY HELD BY"),
            ], rows: report.readings.map(row))
    }

    private func row(_ reading: GPUReading) -> [Table.Cell] {
        let names = [Table.Cell(reading.identity.name, .strong), Table.Cell(reading.identity.product)]
        guard report.isFresh(reading) else { return names + note("no longer true", .faint) }
        if let trouble = reading.trouble { return names + note(trouble, .bad) }
        let slowed = (reading.throttle ?? []).filter(\.isTrouble).map(\.rawValue).joined(separator: ", ")
        return names + [
            Table.Cell(reading.utilization.map { "\(Self.whole($0 * 100)) %" } ?? ""),
            Table.Cell(memory(reading.memory)),
            Table.Cell(reading.temperature.main.map { "\(Self.whole($0)) °C" } ?? ""),
            Table.Cell(reading.power.watts.map { "\(Self.whole($0)) W" } ?? ""),
            Table.Cell(slowed, .warning),
            Table.Cell(reading.faults.map { String($0.prefix { $0 != ":" }) }.joined(separator: ", "), .warning),
            Table.Cell(holders(reading.processes ?? [])),
        ]
    }

    /// In the last column, where there is room.
    private func note(_ text: String, _ tone: Tone) -> [Table.Cell] {
        [Table.Cell](repeating: "", count: 6) + [Table.Cell(text, tone)]
    }

    private func memory(_ memory: GPUMemory) -> String {
        guard let used = memory.used else { return "" }
        return AmountText.bytes(used) + (memory.total.map { " of \(AmountText.bytes($0))" } ?? "")
    }

    /// Our processes by name, strangers by what `ps` calls them, the largest first.
    private func holders(_ processes: [GPUProcess]) -> String {
        let ours = GPUOwnership.memory(of: processes).compactMap { owner, bytes in owner.map { ($0, bytes) } }
        let strangers = processes.filter { $0.owner == nil }.map { process in
            ("\(process.command ?? "a process") (pid \(process.pid))", process.memory ?? 0)
        }
        let all = (ours + strangers).sorted { $0.1 > $1.1 }
        let shown = all.prefix(Self.mostHolders).map { name, bytes in
            bytes > 0 ? "\(name) \(AmountText.bytes(bytes))" : name
        }
        return (shown + (all.count > shown.count ? ["\(all.count - shown.count) more"] : [])).joined(separator: ", ")
    }

    private static func whole(_ value: Double) -> Int { Int(exactly: value.rounded()) ?? 0 }
}
