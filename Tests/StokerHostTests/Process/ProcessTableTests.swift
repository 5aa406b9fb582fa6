import Glibc
import StokerCore
import StokerHost
import Testing

@Suite struct ProcessTableTests {
    private static let tail =
        " S 1 100 100 0 -1 4194304 1 2 3 4 250 50 10 20 20 0 9 0 12345 1000000 256 18446744073709551615 1 1 0"

    private func entry(_ pid: Int32, parent: Int32, resident: Int64 = 1, cpu: Double = 1) -> ProcessTable.Entry {
        ProcessTable.Entry(
            pid: pid, parent: parent, group: pid, session: pid, isEnded: false, cpuSeconds: cpu,
            residentBytes: resident, startTime: 1)
    }

    @Test(
        "a line of /proc/PID/stat is read, whatever the program is called",
        arguments: ["vllm", "a b", "x) S 1 (y", ")"])
    func stat(name: String) throws {
        let entry = try #require(ProcessTable.Entry(stat: "812 (\(name))" + Self.tail))
        #expect(entry.pid == 812)
        #expect(entry.parent == 1)
        #expect(entry.group == 100)
        #expect(entry.session == 100)
        #expect(entry.startTime == 12345)
        #expect(entry.residentBytes == 256 * Int64(sysconf(Int32(_SC_PAGESIZE))))
        #expect(entry.cpuSeconds == 330 / Double(sysconf(Int32(_SC_CLK_TCK))))
        #expect(!entry.isEnded)
    }

    @Test("a zombie has ended")
    func zombie() throws {
        let line = "812 (x)" + Self.tail.replacing(" S 1", with: " Z 1")
        #expect(try #require(ProcessTable.Entry(stat: line)).isEnded)
    }

    @Test("what is no such line is nothing", arguments: ["", "812", "812 (x", "x (y)\(tail)", "1 (x) S 1 2"])
    func nonsense(line: String) {
        #expect(ProcessTable.Entry(stat: line) == nil)
    }

    @Test("a tree is its root and all below it, and uses what they use together")
    func tree() {
        let table = ProcessTable([
            entry(1, parent: 0), entry(10, parent: 1, resident: 5, cpu: 2), entry(11, parent: 10, resident: 7),
            entry(12, parent: 11), entry(20, parent: 1),
        ])
        #expect(Set(table.tree(of: 10).map(\.pid)) == [10, 11, 12])
        #expect(table.usage(ofTree: 10) == ProcessTable.Usage(residentBytes: 13, cpuSeconds: 4, processes: 3))
        #expect(table.tree(of: 99).isEmpty)
        #expect(table.usage(ofTree: 99) == ProcessTable.Usage())
    }

    @Test("a table that changed while it was read, and shows a circle, is read to its end")
    func circle() {
        let table = ProcessTable([entry(1, parent: 2), entry(2, parent: 1)])
        #expect(Set(table.tree(of: 1).map(\.pid)) == [1, 2])
    }

    @Test("this process is in the table of this machine")
    func own() throws {
        let entry = try #require(ProcessTable.read().entries[getpid()])
        #expect(entry.parent == getppid())
        #expect(entry.residentBytes > 1 << 20)
        #expect(entry.startTime == ProcessFacts.identity(of: getpid())?.startTime)
    }
}
