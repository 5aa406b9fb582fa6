package import StokerCore

/// AMD's cards, from the files of the kernel's driver. They need no session, but a sick card lets a read hang, too.
package final class AMDSource: GPUSource {
    private let sysfs: String
    private let log: GPUCallLog
    private let wall: @Sendable () -> Timestamp
    /// All that were ever seen: one that is gone is missed.
    private var known: [GPUIdentity] = []

    /// - Parameter sysfs: where sysfs is.
    package convenience init(sysfs: String, wall: @escaping @Sendable () -> Timestamp) {
        self.init(sysfs: sysfs, log: GPUCallLog(), wall: wall)
    }

    init(sysfs: String, log: GPUCallLog, wall: @escaping @Sendable () -> Timestamp) {
        self.sysfs = sysfs
        self.log = log
        self.wall = wall
    }

    /// The names of AMD's cards: `card0`, but not the connectors, `card0-DP-1`.
    static func cards(sysfs: String) -> [String] {
        Directory.names("\(sysfs)/class/drm").filter { name in
            name.hasPrefix("card") && name.dropFirst(4).allSatisfy(\.isNumber) && name.count > 4
                && SysfsFile.read("\(sysfs)/class/drm/\(name)/device/vendor") == .text(AMDCard.vendor)
        }.sorted { (Int($0.dropFirst(4)) ?? 0) < (Int($1.dropFirst(4)) ?? 0) }
    }

    package func read() throws(GPUSourceFailure) -> [GPUReading] {
        let names = Self.cards(sysfs: sysfs)
        guard !names.isEmpty || !known.isEmpty else { throw GPUSourceFailure("no AMD card is in \(sysfs)/class/drm") }
        var driver = ""
        if case .text(let version) = SysfsFile.read("\(sysfs)/module/amdgpu/version") { driver = version }
        let holders = KFDProcesses(sysfs: sysfs)
        var readings = names.map { name in
            log.enter("files in \(sysfs)/class/drm/\(name)", card: nil)
            defer { log.leave() }
            var card = AMDCard(in: "\(sysfs)/class/drm/\(name)/device", name: name, driver: driver, time: wall())
            card.take(holders.processes(on: card.reading.identity.pciAddress))
            return card.reading
        }
        for reading in readings where !known.contains(where: { $0.uuid == reading.identity.uuid }) {
            known.append(reading.identity)
        }
        for identity in known where !readings.contains(where: { $0.identity.uuid == identity.uuid }) {
            var reading = GPUReading(identity: identity, time: wall())
            reading.trouble = "\(identity.name): the kernel does not list it any more"
            readings.append(reading)
        }
        return readings
    }

    package func end() {}
}
