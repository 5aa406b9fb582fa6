import StokerCore
import StokerStore
import Synchronization
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A directory for one test that is gone with it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "stoker-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Where the store of the test is.
    var database: String { "\(path)/events.sqlite" }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

    func size(of name: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.size] as? Int)
    }

    func contents(of name: String) throws -> Data { try Data(contentsOf: URL(filePath: "\(path)/\(name)")) }

    func write(_ data: Data, to name: String) throws { try data.write(to: URL(filePath: "\(path)/\(name)")) }

    /// A copy of the database as a kill at this moment would leave it: the file and its log, without shared memory.
    func crashImage() throws -> Scratch {
        let copy = try Scratch()
        for name in ["events.sqlite", "events.sqlite-wal"] { try copy.write(contents(of: name), to: name) }
        return copy
    }
}

/// The wall clock of a test, in milliseconds since 1970.
final class WallClock: Sendable {
    private let time: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_700_000_000_000) { time = Mutex(milliseconds) }

    var now: Timestamp { Timestamp(milliseconds: time.withLock { $0 }) }

    func advance(by duration: Duration) { time.withLock { $0 += duration.milliseconds } }
}

extension EventStore {
    /// A store for tests.
    convenience init(
        in scratch: Scratch, maxAge: Duration = .seconds(86_400), maxSize: ByteSize = .mebibytes(4),
        clock: WallClock = WallClock()
    ) {
        self.init(
            path: scratch.database, retention: EventRetention(maxAge: maxAge, maxSize: maxSize), now: { clock.now })
    }
}

/// An event that is told from others by its number.
func event(
    _ number: Int, at time: Timestamp = Timestamp(milliseconds: 1_700_000_000_000),
    _ severity: Event.Severity = .info, subject: String? = nil, evidence: [String] = []
) -> Event {
    Event(
        time: time, severity: severity, kind: .processExited, subject: subject, message: "event \(number)",
        evidence: evidence)
}
