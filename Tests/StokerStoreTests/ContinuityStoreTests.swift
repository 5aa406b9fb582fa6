import Foundation
import StokerCore
import StokerStore
import Testing

@Suite("The store of failovers and drills")
struct ContinuityStoreTests {
    private let directory: Scratch
    private let path: String

    init() throws {
        directory = try Scratch()
        path = directory.path + "/continuity.sqlite"
    }

    private func record(_ model: String, at time: Int64 = 1) -> FailoverRecord {
        var record = FailoverRecord(
            model: model, at: Timestamp(milliseconds: time),
            causes: [.init(backend: "a", kind: .exit, words: "killed by SIGKILL")], origin: .fault,
            detectedSeconds: 0.003)
        record.servedSeconds = 0.02
        record.counts = FailoverCounts(retried: 3)
        return record
    }

    private func keep(_ record: FailoverRecord, in store: ContinuityStore) async throws -> Int64 {
        try await withCheckedContinuation { continuation in
            store.keep(record) { continuation.resume(returning: $0) }
        }.get()
    }

    @Test func `a failover is read as it was kept, the newest first`() async throws {
        let store = ContinuityStore(path: path)
        #expect(try await keep(record("m", at: 5), in: store) == 1)
        #expect(try await keep(record("n", at: 4), in: store) == 2)
        var first = record("m", at: 5)
        first.id = 1
        var second = record("n", at: 4)
        second.id = 2
        #expect(try ContinuityStore.failovers(path: path) == [second, first])
        #expect(try ContinuityStore.failovers(path: path, limit: 1) == [second])
    }

    @Test func `where nothing was kept there is nothing, and no file is made`() throws {
        #expect(try ContinuityStore.failovers(path: path).isEmpty)
        #expect(try directory.names().isEmpty)
    }

    @Test func `the next store goes on where the last one ended`() async throws {
        #expect(try await keep(record("m"), in: ContinuityStore(path: path)) == 1)
        #expect(try await keep(record("m"), in: ContinuityStore(path: path)) == 2)
        #expect(try directory.names() == ["continuity.sqlite"], "nothing lies beside it")
    }

    @Test func `a file that is none is an error with its path`() async throws {
        try directory.write(Data(repeating: 7, count: 4096), to: "continuity.sqlite")
        await #expect(throws: EventStoreError.self) { try await keep(record("m"), in: ContinuityStore(path: path)) }
        #expect(throws: EventStoreError.self) { try ContinuityStore.failovers(path: path) }
    }
}

@Suite("The store of drills")
struct DrillStoreTests {
    private let directory: Scratch
    private let path: String

    init() throws {
        directory = try Scratch()
        path = directory.path + "/continuity.sqlite"
    }

    private func record(_ target: String = "a") -> DrillRecord {
        DrillRecord(
            order: DrillOrder(.hang, targets: [target], caller: .init(name: "alice", uid: 1000)),
            startedAt: Timestamp(milliseconds: 5), host: "h", version: "v", configDigest: "d", policy: DrillPolicy(),
            plan: ["SIGSTOP"])
    }

    @Test func `one that has begun is there before it ends, and open`() async throws {
        let store = ContinuityStore(path: path)
        #expect(try store.openDrills().isEmpty)
        var drill = record()
        drill.id = try await store.begin(drill)
        #expect(drill.id == 1)
        #expect(try ContinuityStore.drills(path: path) == [drill])
        #expect(try store.openDrills() == [drill])
        drill.verdict = .pass
        drill.endedAt = Timestamp(milliseconds: 9)
        try await store.end(drill)
        #expect(try ContinuityStore.drills(path: path) == [drill])
        #expect(try store.openDrills().isEmpty)
    }

    @Test func `it ends once`() async throws {
        let store = ContinuityStore(path: path)
        var drill = record()
        drill.id = try await store.begin(drill)
        drill.verdict = .fail
        try await store.end(drill)
        drill.verdict = .pass
        await #expect(throws: EventStoreError.self) { try await store.end(drill) }
        #expect(try ContinuityStore.drills(path: path).map(\.verdict) == [.fail])
    }

    @Test func `the newest is first, and only so many are read`() async throws {
        let store = ContinuityStore(path: path)
        for name in ["a", "b", "c"] { _ = try await store.begin(record(name)) }
        #expect(try ContinuityStore.drills(path: path, limit: 2).map(\.order.targets) == [["c"], ["b"]])
    }
}
