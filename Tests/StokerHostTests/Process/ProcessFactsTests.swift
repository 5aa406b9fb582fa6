import Glibc
import StokerCore
import StokerHost
import Testing

@Suite struct ProcessFactsTests {
    @Test("a process is alive under its own identity only")
    func identity() throws {
        let own = try #require(ProcessFacts.identity(of: getpid()))
        #expect(ProcessFacts.isAlive(own))
        #expect(ProcessFacts.open(own) != nil)
        var other = own
        other.startTime += 1
        #expect(!ProcessFacts.isAlive(other))
        #expect(ProcessFacts.open(other) == nil)
        other = own
        other.bootID = "another boot"
        #expect(!ProcessFacts.isAlive(other))
        #expect(ProcessFacts.identity(of: 0) == nil)
        #expect(ProcessFacts.identity(of: .max) == nil)
    }

    @Test("a boot has a number of its own")
    func boot() {
        #expect(ProcessFacts.bootID.count == 36)
    }

    @Test("program, name and arguments of a process are read; the dead have none")
    func commandLine() {
        #expect(ProcessFacts.commandLine(of: getpid()) == CommandLine.arguments)
        #expect(ProcessFacts.name(of: getpid())?.isEmpty == false)
        #expect(ProcessFacts.commandLine(of: .max) == [])
        #expect(ProcessFacts.name(of: .max) == nil)
    }

    @Test("an identity that is written down reads back the same")
    func record() throws {
        let own = try #require(ProcessFacts.identity(of: getpid()))
        #expect(ProcessIdentity(record: own.record) == own)
    }

    @Test(
        "a damaged record names nobody",
        arguments: ["", "12", "12 3", "0 3 boot", "1 3 boot", "-4 3 boot", "x 3 boot", "12 -3 boot", "12 3 a b"])
    func damaged(record: String) {
        #expect(ProcessIdentity(record: record) == nil)
    }

    @Test("a record that is not there names nobody")
    func missing() {
        #expect(ProcessIdentity(recordedAt: "/no/such/file") == nil)
    }
}
