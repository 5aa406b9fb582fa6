import StokerCore
import StokerStore
import Testing

@Suite("The event store")
struct EventStoreTests {
    private let scratch: Scratch
    private let everything = EventQuery(limit: 10_000)

    init() throws { scratch = try Scratch() }

    @Test("Events come back as they were recorded, in order, with ascending ids")
    func roundTrip() async throws {
        let store = EventStore(in: scratch)
        let recorded = [
            event(
                1, .error, subject: "deepseek-a", evidence: ["exit status 137", "line \"two\"\nand three \u{1F525}"]),
            event(2), event(3, .warning, subject: "knowledge"),
        ]
        for event in recorded { store.record(event) }
        let found = try await store.events(everything)
        #expect(found.map(\.id) == [1, 2, 3])
        #expect(
            found.map { found in
                var found = found
                found.id = 0
                return found
            } == recorded)
        await store.close()
    }

    @Test("Every kind and severity survives the way to disk and back")
    func everyKind() async throws {
        let store = EventStore(in: scratch)
        let time = Timestamp(milliseconds: 0)
        for kind in Event.Kind.allCases {
            for severity in Event.Severity.allCases {
                store.record(Event(time: time, severity: severity, kind: kind, message: "m"))
            }
        }
        let found = try await store.events(everything)
        #expect(found.map(\.kind) == Event.Kind.allCases.flatMap { [$0, $0, $0] })
        #expect(found.prefix(3).map(\.severity) == Event.Severity.allCases)
        await store.close()
    }

    @Test("A query gives the newest that fit, oldest of them first")
    func filters() async throws {
        let store = EventStore(in: scratch)
        let start = WallClock().now.milliseconds
        for number in 1...100 {
            store.record(
                event(
                    number, at: Timestamp(milliseconds: start + Int64(number)),
                    number % 10 == 0 ? .error : number % 5 == 0 ? .warning : .info,
                    subject: number.isMultiple(of: 2) ? "even" : nil))
        }
        func ids(_ query: EventQuery) async throws -> [Int64] { try await store.events(query).map(\.id) }
        #expect(try await ids(EventQuery(limit: 3)) == [98, 99, 100])
        #expect(try await ids(EventQuery(after: 98, limit: 50)) == [99, 100])
        #expect(try await ids(EventQuery(since: Timestamp(milliseconds: start + 99), limit: 50)) == [99, 100])
        #expect(try await ids(EventQuery(subject: "even", limit: 2)) == [98, 100])
        #expect(try await ids(EventQuery(minimumSeverity: .error, limit: 2)) == [90, 100])
        #expect(try await ids(EventQuery(minimumSeverity: .warning, limit: 2)) == [95, 100])
        #expect(try await ids(EventQuery(after: 91, subject: "even", minimumSeverity: .error)) == [100])
        #expect(try await ids(EventQuery(subject: "nobody")) == [])
        #expect(try await ids(EventQuery(limit: 0)) == [100])
        #expect(try await ids(EventQuery(limit: .max)).count == 100)
        await store.close()
    }

    @Test("A subject with SQL in it is a subject", arguments: ["'; DROP TABLE event; --", "%", "a\"b"])
    func injection(subject: String) async throws {
        let store = EventStore(in: scratch)
        store.record(event(1, subject: subject))
        store.record(event(2, subject: "other"))
        #expect(try await store.events(EventQuery(subject: subject)).map(\.id) == [1])
        await store.close()
    }

    @Test("Closing writes what waits and leaves one file without a log")
    func closing() async throws {
        let store = EventStore(in: scratch)
        for number in 1...2000 { store.record(event(number)) }
        await store.close()
        #expect(try scratch.names() == ["events.sqlite"])
        #expect(try EventStore.read(path: scratch.database, query: everything).count == 2000)
    }

    @Test("What is recorded after closing is counted as lost")
    func afterClosing() async throws {
        let store = EventStore(in: scratch)
        store.record(event(1))
        await store.close()
        store.record(event(2))
        #expect(store.report.dropped == [.closed: 1])
        #expect(store.report.recorded == 1)
        #expect(try EventStore.read(path: scratch.database, query: everything).count == 1)
    }

    @Test("Ids go on ascending after a restart")
    func restart() async throws {
        for round in 1...3 {
            let store = EventStore(in: scratch)
            store.record(event(round))
            #expect(try await store.events(everything).map(\.id) == (1...Int64(round)).map { $0 })
            await store.close()
        }
        #expect(try EventStore.newestID(path: scratch.database) == 3)
    }

    @Test("Many threads record at once and nothing is lost or doubled")
    func concurrency() async throws {
        let store = EventStore(in: scratch)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<500 { store.record(event(writer * 500 + number)) }
                }
            }
            for _ in 0..<4 {
                group.addTask { _ = try? await store.events(EventQuery(limit: 50)) }
            }
        }
        let messages = try await store.events(everything).map(\.message)
        #expect(Set(messages).count == 4000 && messages.count == 4000)
        for writer in 0..<8 {
            let own = messages.compactMap { Int($0.dropFirst("event ".count)) }.filter { $0 / 500 == writer }
            #expect(own == own.sorted(), "the order of one thread is kept")
        }
        await store.close()
    }

    @Test("Long texts are cut at a character and say so")
    func longTexts() async throws {
        let store = EventStore(in: scratch)
        let long = String(repeating: "é", count: 10_000)
        store.record(event(1, subject: long, evidence: Array(repeating: long, count: 100)))
        let found = try #require(try await store.events(everything).first)
        #expect(found.subject?.hasSuffix("é…") == true)
        #expect(found.subject?.utf8.count ?? 0 <= 4096)
        #expect(found.evidence.count == 17 && found.evidence.last == "…")
        await store.close()
    }
}

@Suite("The bounds of the event store")
struct EventStoreBoundsTests {
    private let scratch: Scratch
    private let everything = EventQuery(limit: 10_000)

    init() throws { scratch = try Scratch() }

    @Test("Events older than the limit are gone when the store is opened")
    func ageAtOpen() async throws {
        let clock = WallClock()
        let first = EventStore(in: scratch, maxAge: .seconds(3600), clock: clock)
        for number in 1...1000 { first.record(event(number, at: clock.now)) }
        await first.close()
        clock.advance(by: .seconds(3601))
        let second = EventStore(in: scratch, maxAge: .seconds(3600), clock: clock)
        second.record(event(1001, at: clock.now))
        #expect(try await second.events(everything).map(\.id) == [1001])
        await second.close()
    }

    @Test("Events that grow old while the daemon runs are gone within the hour")
    func ageWhileRunning() async throws {
        let clock = WallClock()
        let store = EventStore(in: scratch, maxAge: .seconds(7200), clock: clock)
        store.record(event(1, at: clock.now))
        for number in 2...4 {
            _ = try await store.events(everything)
            clock.advance(by: .seconds(3601))
            store.record(event(number, at: clock.now))
        }
        #expect(try await store.events(everything).map(\.id) == [3, 4])
        await store.close()
    }

    @Test("The file stays below its bound and keeps the newest", arguments: [128, 256, 1024] as [Int64])
    func size(kibibytes: Int64) async throws {
        let store = EventStore(in: scratch, maxSize: .kibibytes(kibibytes))
        let evidence = [String(repeating: "x", count: 400)]
        let count = Int(kibibytes) * 8
        for number in 1...count {
            store.record(event(number, evidence: evidence))
            // The queue is not what is tested here.
            if number.isMultiple(of: 500) { _ = try await store.events(EventQuery(limit: 1)) }
        }
        let kept = try await store.events(everything).map(\.id)
        #expect(store.report.dropped.isEmpty)
        #expect(store.report.databaseBytes <= kibibytes << 10)
        let newest = Int64(count)
        #expect(kept == Array((newest - Int64(kept.count) + 1)...newest))
        #expect(kept.count > count / 16)
        await store.close()
        #expect(try scratch.size(of: "events.sqlite") <= kibibytes << 10)
    }

    @Test("A bound that was lowered is kept after the next start")
    func loweredBound() async throws {
        let generous = EventStore(in: scratch)
        for number in 1...4000 { generous.record(event(number, evidence: [String(repeating: "x", count: 200)])) }
        await generous.close()
        let narrow = EventStore(in: scratch, maxSize: .kibibytes(256))
        narrow.record(event(4001))
        #expect(try await narrow.events(EventQuery(limit: 1)).map(\.id) == [4001])
        await narrow.close()
        #expect(try scratch.size(of: "events.sqlite") <= 256 << 10)
    }

    @Test("The log beside the file stays small, however much is written")
    func logSize() async throws {
        let store = EventStore(in: scratch)
        for _ in 0..<20 {
            for number in 1...500 { store.record(event(number, evidence: [String(repeating: "x", count: 300)])) }
            _ = try await store.events(EventQuery(limit: 1))
        }
        #expect(try scratch.size(of: "events.sqlite-wal") < 4 << 20)
        await store.close()
    }

    @Test("An event too many in the queue is counted, and recording never waits")
    func queueBound() async throws {
        let store = EventStore(path: "/proc/self/nowhere/events.sqlite", retention: EventRetention()) {
            WallClock().now
        }
        for number in 1...30_000 { store.record(event(number)) }
        await store.close()
        let dropped = store.report.dropped
        #expect(dropped.values.reduce(0, +) == 30_000)
        #expect(store.report.recorded == 0)
    }
}
