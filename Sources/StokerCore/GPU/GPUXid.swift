/// A fault that NVIDIA's driver reported for a card, by its number ("Xid").
package struct GPUXid: Sendable, Equatable, Codable {
    package var gpu: GPUIdentity
    package var code: Int
    /// When it was received; NVML gives no time of its own.
    package var time: Timestamp
    /// The partition that it happened in; nil where the card is not parted, or the fault is the whole card's.
    package var gpuInstance: Int?

    package init(gpu: GPUIdentity, code: Int, time: Timestamp, gpuInstance: Int? = nil) {
        self.gpu = gpu
        self.code = code
        self.time = time
        self.gpuInstance = gpuInstance
    }

    /// Those after which a card must be reset, a machine rebooted or a card replaced, and 94, after which an engine
    /// must be started anew. They are counted from zero, so that an alert sees the first.
    ///
    /// After nvidia_gpu_exporter's list, which follows NVIDIA's catalogue of Xids.
    package static let alertable = [48, 62, 64, 74, 79, 94, 95, 119, 120]

    /// How bad it is: `error` for the alertable but 94, `info` for faults of programs and for what the card mends by
    /// itself, `warning` for the rest.
    package var severity: Event.Severity {
        switch code {
        case 94: .warning
        case let code where Self.alertable.contains(code): .error
        case 13, 31, 43, 45, 63, 92: .info
        default: .warning
        }
    }

    /// What it means, and what to do, in a sentence.
    package var meaning: String {
        switch code {
        case 13: "A program's kernel failed (graphics engine exception): restart the engine if it has not died."
        case 31: "A program read or wrote memory that is not its own: restart the engine if it has not died."
        case 43: "A program's work was stopped after a fault of its own."
        case 45: "A program's work was cleared away, mostly after another fault."
        case 48: "A bit error in memory that could not be corrected: drain the card, then reset it."
        case 62: "The card's controller has halted: reset the card."
        case 63: "A row of memory will be replaced at the next reset: plan one."
        case 64: "A row of memory could not be replaced: drain the card, reset it once, then replace it."
        case 74: "An NVLink error: look at the bridge, reset the cards."
        case 79: "The card has fallen off the bus: power, seat or heat; reboot the machine."
        case 92: "Many corrected bit errors: watch it."
        case 94: "A bit error that hit one program only: restart its engine."
        case 95: "A bit error that may have hit any program on the card: drain it, then reset it."
        case 119, 120: "The card's system processor does not answer: reset the card, or reboot."
        default: "See NVIDIA's catalogue of Xid errors."
        }
    }
}

/// How often which Xid came from which card, and when last: what is counted never gets less.
package struct XidTally: Sendable, Equatable {
    /// One card's count of one code.
    package struct Entry: Sendable, Equatable {
        package var gpu: GPUIdentity
        package var code: Int
        package var count: Int64
        /// When it last came; nil when it never did.
        package var last: Timestamp?
    }

    /// Beyond so many codes of a card the rest are not kept apart: a driver that invents numbers fills no memory.
    package static let mostCodes = 64
    /// Stands for the codes that are not kept apart.
    package static let otherCode = -1

    /// In the order of their first mention.
    package private(set) var entries: [Entry] = []

    package init() {}

    /// A card is there: its alertable codes are counted from now on, from zero. Once is enough.
    package mutating func watch(_ gpu: GPUIdentity) {
        guard !entries.contains(where: { $0.gpu.uuid == gpu.uuid }) else { return }
        entries += GPUXid.alertable.map { Entry(gpu: gpu, code: $0, count: 0, last: nil) }
    }

    package mutating func count(_ xid: GPUXid) {
        watch(xid.gpu)
        let mine = entries.filter { $0.gpu.uuid == xid.gpu.uuid }
        let isKept = mine.contains { $0.code == xid.code } || mine.count < Self.mostCodes
        let code = isKept ? xid.code : Self.otherCode
        if let place = entries.firstIndex(where: { $0.gpu.uuid == xid.gpu.uuid && $0.code == code }) {
            entries[place].count += 1
            entries[place].last = xid.time
        } else {
            entries.append(Entry(gpu: xid.gpu, code: code, count: 1, last: xid.time))
        }
    }
}
