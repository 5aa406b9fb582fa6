/// What is worth an event about GPUs, as a value: looks at one report after the other.
package struct GPUWatch: Sendable {
    private var silent: [GPUSourceState.Source: GPUSourceState.State] = [:]
    private var lost: Set<GPUIdentity> = []

    package init() {}

    /// What is new in this report, and in what the driver reported meanwhile.
    package mutating func handle(_ report: GPUReport, xids: [GPUXid] = [], at now: Timestamp) -> [Event] {
        xids.map { Self.event(of: $0) } + report.sources.compactMap { handle($0, at: now) }
            + report.readings.filter(report.isFresh).compactMap { handle($0, at: now) }
    }

    /// A source that falls silent, or cannot, is one event, and its return another.
    private mutating func handle(_ source: GPUSourceState, at now: Timestamp) -> Event? {
        switch source.state {
        case .starting: return nil
        case .fresh:
            guard silent.removeValue(forKey: source.source) != nil else { return nil }
            return Event(time: now, kind: .gpuReadable, message: "\(source.source.title) answers again.")
        case .silent, .unavailable:
            guard silent.updateValue(source.state, forKey: source.source) != source.state else { return nil }
            return Event(
                time: now, severity: .warning, kind: .gpuUnreadable,
                message: "GPUs cannot be read: \(source.reason ?? "no reason given").")
        }
    }

    private mutating func handle(_ reading: GPUReading, at now: Timestamp) -> Event? {
        let gpu = reading.identity
        guard let trouble = reading.trouble else {
            guard lost.remove(gpu) != nil else { return nil }
            return Event(time: now, kind: .gpuBack, subject: gpu.subject, message: "The GPU answers again.")
        }
        guard lost.insert(gpu).inserted else { return nil }
        return Event(
            time: now, severity: .error, kind: .gpuLost, subject: gpu.subject, message: "\(trouble).",
            evidence: gpu.evidence)
    }

    private static func event(of xid: GPUXid) -> Event {
        let part = xid.gpuInstance.map { " in GPU instance \($0)" } ?? ""
        return Event(
            time: xid.time, severity: xid.severity, kind: .gpuXid, subject: xid.gpu.subject,
            message: "Xid \(xid.code)\(part): \(xid.meaning)", evidence: xid.gpu.evidence)
    }
}

extension GPUIdentity {
    /// As events name it: `gpu-0`, `card1`.
    package var subject: String { vendor == .nvidia ? "gpu-\(name)" : name }

    /// What finds the card in the machine and in other tools.
    fileprivate var evidence: [String] { ["\(product), \(uuid), PCI \(pciAddress)"] }
}
