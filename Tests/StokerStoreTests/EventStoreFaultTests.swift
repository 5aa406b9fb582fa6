import GRDB
import StokerCore
import StokerStore
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("What can go wrong with the event store")
struct EventStoreFaultTests {
    private let scratch: Scratch
    private let everything = EventQuery(limit: 10_000)

    init() throws { scratch = try Scratch() }

    @Test("What was recorded before a kill is there after it")
    func kill() async throws {
        let store = EventStore(in: scratch)
        for number in 1...300 { store.record(event(number)) }
        #expect(try await store.events(everything).count == 300)
        let image = try scratch.crashImage()
        let next = EventStore(in: image)
        next.record(event(301))
        #expect(try await next.events(everything).map(\.id) == (1...301).map { $0 })
        #expect(next.report.replaced == 0)
        await next.close()
        await store.close()
    }

    @Test("A log that a kill cut short costs its last transaction only")
    func tornLog() async throws {
        let store = EventStore(in: scratch)
        for number in 1...3 {
            store.record(event(number))
            _ = try await store.events(everything)
        }
        let image = try scratch.crashImage()
        try image.write(image.contents(of: "events.sqlite-wal").dropLast(100), to: "events.sqlite-wal")
        #expect(try EventStore.read(path: image.database, query: everything).map(\.id) == [1, 2])
        let next = EventStore(in: image)
        next.record(event(4))
        #expect(try await next.events(everything).map(\.message) == ["event 1", "event 2", "event 4"])
        await next.close()
        await store.close()
    }

    @Test("A file that is no database is moved aside, a new one begun, and both facts are the first event")
    func notADatabase() async throws {
        try scratch.write(Data("this was never a database, though it is long enough for one".utf8), to: "events.sqlite")
        let store = EventStore(in: scratch)
        store.record(event(1))
        let found = try await store.events(everything)
        #expect(found.map(\.kind) == [.storeReplaced, .processExited])
        #expect(found.first?.evidence == ["file is not a database"])
        #expect(store.report.replaced == 1 && store.report.dropped.isEmpty && store.report.fault == nil)
        #expect(try scratch.names().contains("events.sqlite.corrupt-1700000000"))
        await store.close()
    }

    @Test("A database damaged in the middle is moved aside and the daemon's next events are kept")
    func damagedPages() async throws {
        let store = EventStore(in: scratch)
        for number in 1...2000 { store.record(event(number)) }
        await store.close()
        var bytes = try scratch.contents(of: "events.sqlite")
        // All but the header, so that it opens well and is found out only at work.
        for index in 4096..<bytes.count { bytes[index] = 0xA5 }
        try scratch.write(bytes, to: "events.sqlite")
        let next = EventStore(in: scratch)
        next.record(event(2001))
        let found = try await next.events(everything)
        #expect(found.map(\.message).last == "event 2001")
        #expect(found.first?.kind == .storeReplaced)
        #expect(try #require(found.first?.id) > 2000, "ids ascend also where the old ones cannot be read")
        await next.close()
    }

    @Test("Of damaged databases only the last two are kept")
    func damageThatComesBack() async throws {
        let clock = WallClock()
        for _ in 1...4 {
            try scratch.write(Data(repeating: 7, count: 5000), to: "events.sqlite")
            let store = EventStore(in: scratch, clock: clock)
            store.record(event(1, at: clock.now))
            await store.close()
            clock.advance(by: .seconds(60))
        }
        #expect(
            try scratch.names() == [
                "events.sqlite", "events.sqlite.corrupt-1700000120", "events.sqlite.corrupt-1700000180",
            ])
    }

    @Test("A directory that cannot be written costs events, counts them, and is tried again")
    func unwritableDirectory() async throws {
        let missing = "\(scratch.path)/later/events.sqlite"
        let store = EventStore(path: missing, retention: EventRetention()) { WallClock().now }
        store.record(event(1))
        await #expect(throws: EventStoreError.self) { try await store.events(everything) }
        #expect(store.report.dropped == [.unwritable: 1])
        #expect(store.report.fault != nil)
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/later", withIntermediateDirectories: true)
        store.record(event(2))
        #expect(try await store.events(everything).map(\.message) == ["event 2"])
        #expect(store.report.fault == nil)
        await store.close()
    }

    @Test("A disk without room costs events and counts them")
    func fullDisk() async throws {
        // Two pages: SQLite's own limit on pages answers exactly as a full disk does, SQLITE_FULL.
        let store = EventStore(in: scratch, maxSize: .kibibytes(8))
        for number in 1...50 { store.record(event(number)) }
        await store.close()
        #expect(store.report.dropped == [.diskFull: 50])
        #expect(store.report.fault == "database or disk is full")
    }

    @Test("An event that is larger than what may be kept in all is lost, later ones are not")
    func eventTooLarge() async throws {
        let store = EventStore(in: scratch, maxSize: .kibibytes(48))
        let large = Array(repeating: String(repeating: "x", count: 4000), count: 16)
        store.record(event(1, evidence: large))
        _ = try await store.events(everything)
        store.record(event(2))
        #expect(try await store.events(everything).map(\.message) == ["event 2"])
        #expect(store.report.dropped == [.diskFull: 1])
        await store.close()
    }

    @Test("A file that was deleted under the daemon is made again")
    func deletedFile() async throws {
        let store = EventStore(in: scratch)
        store.record(event(1))
        _ = try await store.events(everything)
        for name in try scratch.names() { try FileManager.default.removeItem(atPath: "\(scratch.path)/\(name)") }
        store.record(event(2))
        #expect(try await store.events(everything).map(\.message) == ["event 2"])
        #expect(try EventStore.read(path: scratch.database, query: everything).map(\.message) == ["event 2"])
        await store.close()
    }

    @Test("While another program holds the file, events wait and none is lost")
    func busy() async throws {
        let store = EventStore(in: scratch)
        store.record(event(1))
        _ = try await store.events(everything)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: scratch.database, configuration: configuration)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        store.record(event(2))
        _ = try await store.events(everything)
        #expect(store.report.queued == 1 && store.report.dropped.isEmpty)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "ROLLBACK") }
        store.record(event(3))
        #expect(try await store.events(everything).map(\.message) == ["event 1", "event 2", "event 3"])
        try other.close()
        await store.close()
    }

    @Test("A database of a newer Stoker is used, and what this one does not know is left out")
    func newerSchema() async throws {
        let store = EventStore(in: scratch)
        store.record(event(1))
        await store.close()
        let newer = try DatabaseQueue(path: scratch.database)
        try await newer.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99: later')")
            try db.execute(sql: "ALTER TABLE event ADD COLUMN incident INTEGER")
            try db.execute(
                sql: """
                    INSERT INTO event (time, severity, kind, message, evidence)
                    VALUES (:time, 7, 'moon.fell', 'm', '[]'), (:time, 9, 'process.ready', 'm', 'no JSON')
                    """, arguments: ["time": WallClock().now.milliseconds])
        }
        try newer.close()
        let next = EventStore(in: scratch)
        next.record(event(4))
        let found = try await next.events(everything)
        #expect(found.map(\.id) == [1, 3, 4])
        #expect(found[1].severity == .error && found[1].evidence == ["no JSON"])
        await next.close()
    }
}

@Suite("Reading events without a daemon")
struct EventReaderTests {
    private let scratch: Scratch
    private let everything = EventQuery(limit: 10_000)

    init() throws { scratch = try Scratch() }

    @Test("A missing file is said to be missing, and is not made")
    func missing() throws {
        let error = EventStoreError.missing(path: scratch.database)
        #expect(throws: error) { try EventStore.read(path: scratch.database, query: everything) }
        #expect(error.description.hasSuffix("does not exist: nothing has been recorded there yet"))
        #expect(try scratch.names().isEmpty)
    }

    @Test("A damaged file is said to be unreadable, and is left as it is")
    func damaged() throws {
        try scratch.write(Data("no database at all, but some text".utf8), to: "events.sqlite")
        #expect(throws: EventStoreError.unreadable(path: scratch.database, reason: "file is not a database")) {
            try EventStore.read(path: scratch.database, query: everything)
        }
        #expect(try scratch.names() == ["events.sqlite"])
    }

    @Test("A reader sees what the daemon has written, and neither writes nor checkpoints")
    func besideTheDaemon() async throws {
        let store = EventStore(in: scratch)
        for round in 1...5 {
            store.record(event(round))
            _ = try await store.events(everything)
            let log = try scratch.contents(of: "events.sqlite-wal")
            let file = try scratch.contents(of: "events.sqlite")
            #expect(try EventStore.read(path: scratch.database, query: everything).count == round)
            #expect(try EventStore.newestID(path: scratch.database) == Int64(round))
            #expect(try scratch.contents(of: "events.sqlite-wal") == log)
            #expect(try scratch.contents(of: "events.sqlite") == file)
        }
        await store.close()
    }

    @Test("What a killed daemon left in the log is read, and the log is left for the next daemon")
    func afterAKill() async throws {
        let store = EventStore(in: scratch)
        for number in 1...10 { store.record(event(number)) }
        _ = try await store.events(everything)
        let image = try scratch.crashImage()
        let log = try image.contents(of: "events.sqlite-wal")
        #expect(try EventStore.read(path: image.database, query: everything).count == 10)
        #expect(try image.contents(of: "events.sqlite-wal") == log)
        await store.close()
    }

    @Test("A path with signs that mean something in a URI is read", arguments: ["a?b", "a#b", "a%20b", "a b"])
    func oddPath(folder: String) async throws {
        let path = "\(scratch.path)/\(folder)/events.sqlite"
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/\(folder)", withIntermediateDirectories: true)
        let store = EventStore(path: path, retention: EventRetention()) { WallClock().now }
        store.record(event(1))
        await store.close()
        #expect(try EventStore.read(path: path, query: everything).map(\.message) == ["event 1"])
    }
}
