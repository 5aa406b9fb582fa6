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
