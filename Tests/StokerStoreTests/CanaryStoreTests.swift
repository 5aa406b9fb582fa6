import StokerCore
import StokerStore
import Testing

@Suite struct CanaryStoreTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func record(_ model: String, step: Int = 1) -> CanaryRecord {
        CanaryRecord(
            model: model, phase: .running, order: CanaryOrder(backends: ["new"]), salt: .max, step: step,
            since: Timestamp(milliseconds: 5))
    }

    @Test func `what is kept is there for the next control plane`() async {
        let first = EventStore(in: scratch)
        first.keep(record("m"), of: "m")
        first.keep(record("a/b"), of: "a/b")
        first.keep(record("m", step: 2), of: "m")
        await first.close()
        let next = EventStore(in: scratch)
        #expect(await next.canaries() == [record("a/b"), record("m", step: 2)])
        await next.close()
    }

    @Test func `what is over is forgotten`() async {
        let store = EventStore(in: scratch)
        store.keep(record("m"), of: "m")
        store.keep(nil, of: "m")
        store.keep(nil, of: "never")
        #expect(await store.canaries().isEmpty)
        await store.close()
    }

    @Test func `a file that cannot be opened has none, and says so`() async {
        let store = EventStore(
            path: "\(scratch.path)/missing/events.sqlite", retention: EventRetention(),
            now: { Timestamp(milliseconds: 0) })
        store.keep(record("m"), of: "m")
        #expect(await store.canaries().isEmpty)
        await store.close()
    }

    @Test func `a database of an earlier release gets the table`() async throws {
        let store = EventStore(in: scratch)
        store.record(Event(time: Timestamp(milliseconds: 1), kind: .daemonStarted, message: "m"))
        #expect(await store.canaries().isEmpty)
        store.keep(record("m"), of: "m")
        #expect(await store.canaries() == [record("m")])
        #expect(try await store.events(EventQuery()).count == 1)
        await store.close()
    }
}
