import Glibc
import StokerCore
import StokerHost
import Testing

@Suite struct StateLockTests {
    @Test("the second is refused and learns who is the first; after that one's end it gets the lock")
    func second() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("lock")
        let own = try #require(ProcessFacts.identity(of: getpid()))
        var first: StateLock? = try StateLock(path: path)
        #expect(first != nil)
        let refusal = #expect(throws: StateLock.Refusal.self) { try StateLock(path: path) }
        #expect(refusal == .held(path: path, by: own))
        #expect(refusal?.description == "\(path) is held by another control plane, pid \(getpid())")
        first = nil
        _ = try StateLock(path: path)
    }

    @Test("a file of a dead holder, or nonsense in it, is no obstacle")
    func stale() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("999999 1 boot of long ago and much more than a record\n", to: "lock")
        let lock = try StateLock(path: path)
        #expect(TextFile.read(path) == ProcessFacts.identity(of: getpid())?.record)
        withExtendedLifetime(lock) {}
    }

    @Test("a lock that is held without a name is refused all the same")
    func nameless() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("lock")
        let lock = try StateLock(path: path)
        try directory.write("", to: "lock")
        let refusal = #expect(throws: StateLock.Refusal.self) { try StateLock(path: path) }
        #expect(refusal?.description == "\(path) is held by another control plane")
        withExtendedLifetime(lock) {}
    }

    @Test("a directory that does not exist is told with path and reason")
    func missing() {
        let refusal = #expect(throws: StateLock.Refusal.self) { try StateLock(path: "/no/such/lock") }
        #expect(refusal?.description == "/no/such/lock: No such file or directory")
    }
}
