package import StokerCore

/// NVIDIA's cards. Begins a session with the driver anew when it has gone away under the old one, and from time to time
/// when a card is lost, for it may have been reset.
package final class NVMLSource: GPUSource {
    /// Rounds with a lost card until the session is begun anew; at one a second, half a minute.
    private static let roundsUntilRenewal = 30

    private let path: String
    private let log: GPUCallLog
    private let wall: @Sendable () -> Timestamp
    private let xids: XidWatcher?
    private var session: NVMLSession?
    /// All that were ever seen, by their first appearance: one that is gone is missed.
    private var known: [GPUIdentity] = []
    private var roundsWithLoss = 0

    /// - Parameter path: what the loader searches for, or a path.
    package convenience init(path: String, wall: @escaping @Sendable () -> Timestamp) {
        self.init(path: path, log: GPUCallLog(), wall: wall, xids: nil)
    }

    init(path: String, log: GPUCallLog, wall: @escaping @Sendable () -> Timestamp, xids: XidWatcher?) {
        self.path = path
        self.log = log
        self.wall = wall
        self.xids = xids
    }

    package func read() throws(GPUSourceFailure) -> [GPUReading] {
        let session = if let session { session } else { try begin() }
        var readings: [GPUReading] = []
        for (device, identity, activity) in session.cards {
            let found = NVMLReading(of: device, identity: identity, activity: activity, time: wall())
            if let code = found.end, code.isEndOfSession {
                end()
                throw GPUSourceFailure("NVML's session is over: \(code.words)")
            }
            readings.append(found.reading)
        }
        readings += missing(in: session)
        renewIfLost(readings)
        return readings.sorted { (Int($0.identity.name) ?? 0) < (Int($1.identity.name) ?? 0) }
    }

    package func end() {
        guard let session else { return }
        xids?.follow(nil)
        session.end()
        self.session = nil
    }

    private func begin() throws(GPUSourceFailure) -> NVMLSession {
        let session = try NVMLSession(try NVMLLibrary(path: path), log: log)
        self.session = session
        roundsWithLoss = 0
        for (_, identity, _) in session.cards where !known.contains(where: { $0.uuid == identity.uuid }) {
            known.append(identity)
        }
        xids?.follow(session)
        return session
    }

    /// Cards that were there and are not, and cards that are listed and cannot be had.
    private func missing(in session: NVMLSession) -> [GPUReading] {
        let present = Set(session.cards.map(\.identity.uuid))
        let gone = known.filter { !present.contains($0.uuid) }
        var readings = gone.map { identity in
            let code = session.unreachable.first { "\($0.index)" == identity.name }?.code
            return lost(identity, code?.words ?? "NVML does not list it any more")
        }
        for (index, code) in session.unreachable where !gone.contains(where: { $0.name == "\(index)" }) {
            readings.append(lost(GPUIdentity(name: "\(index)", uuid: "", vendor: .nvidia), code.words))
        }
        return readings
    }

    private func lost(_ identity: GPUIdentity, _ why: String) -> GPUReading {
        var reading = GPUReading(identity: identity, time: wall())
        reading.trouble = "GPU \(identity.name): \(why)"
        return reading
    }

    private func renewIfLost(_ readings: [GPUReading]) {
        guard readings.contains(where: { $0.trouble != nil }) else {
            roundsWithLoss = 0
            return
        }
        roundsWithLoss += 1
        if roundsWithLoss >= Self.roundsUntilRenewal { end() }
    }
}
