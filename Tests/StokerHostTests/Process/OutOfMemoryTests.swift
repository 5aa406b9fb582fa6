import StokerHost
import Testing

@Suite struct OutOfMemoryTests {
    private typealias Count = OutOfMemory.Count
    private let kill = OutOfMemory.Kill(
        record: "6,1234,5000000,-;Out of memory: Killed process 812 (python3) total-vm:9kB\n SUBSYSTEM=x\n")

    private func judge(
        wasKilled: Bool = true, before: UInt64? = 3, after: UInt64? = 4, kills: [OutOfMemory.Kill]? = nil
    ) -> OutOfMemory.Finding {
        OutOfMemory.judge(
            pid: 812, wasKilled: wasKilled, before: Count(kills: before, uptime: 1),
            after: Count(kills: after, uptime: 2), kills: kills)
    }

    @Test("the kernel's record of a kill is read")
    func record() throws {
        let kill = try #require(kill)
        #expect(kill.pid == 812)
        #expect(kill.uptime == 5_000_000)
        #expect(kill.text == "Out of memory: Killed process 812 (python3) total-vm:9kB")
    }

    @Test(
        "any other record is none",
        arguments: [
            "", "6,1,2,-;usb 1-1: new device", "Killed process 812", "6,x;Killed process 812 (a)",
            "6,1,2,-;Killed process x (a)",
        ])
    func otherRecord(text: String) {
        #expect(OutOfMemory.Kill(record: text) == nil)
    }

    @Test("without a kill by the kernel it was not the OOM killer")
    func notIt() {
        #expect(judge(after: 3) == OutOfMemory.Finding(evidence: [], verdict: false))
    }

    @Test("without the kernel's counters it cannot be known")
    func unknown() {
        #expect(judge(before: nil).verdict == nil)
        #expect(judge(after: nil).verdict == nil)
    }

    @Test("a kill in the log by its own PID is proof, and quoted")
    func proof() throws {
        let finding = judge(kills: [try #require(kill)])
        #expect(finding.verdict == true)
        #expect(
            finding.evidence == [
                "oom_kill counter rose by 1 while it ran",
                "kernel: Out of memory: Killed process 812 (python3) total-vm:9kB",
            ])
    }

    @Test("a SIGKILL from nowhere while the kernel killed something is taken for it, when the log is closed to us")
    func probably() {
        #expect(judge().verdict == true)
    }

    @Test("a SIGKILL while the kernel killed somebody else was not the kernel's")
    func somebodyElse() throws {
        let other = try #require(OutOfMemory.Kill(record: "6,1,5,-;Killed process 5 (worker)"))
        let finding = judge(kills: [other])
        #expect(finding.verdict == false)
        #expect(finding.evidence.last == "kernel: Killed process 5 (worker)")
    }

    @Test("a process that exited while the kernel killed another may have lost a worker: that is left open")
    func worker() {
        let finding = judge(wasKilled: false)
        #expect(finding.verdict == nil)
        #expect(finding.evidence.count == 1)
    }

    @Test("a counter is found by its whole name")
    func counter() {
        let text = "pgfault 5\nxoom_kill 8\noom_kill_disable 9\noom_kill 3\nlast 7"
        #expect(OutOfMemory.number(of: "oom_kill", in: text) == 3)
        #expect(OutOfMemory.number(of: "pgfault", in: text) == 5)
        #expect(OutOfMemory.number(of: "last", in: text) == 7)
        #expect(OutOfMemory.number(of: "oom", in: text) == nil)
        #expect(OutOfMemory.number(of: "oom_kill", in: "oom_kill x") == nil)
        #expect(OutOfMemory.number(of: "oom_kill", in: nil) == nil)
    }

    @Test("this machine's counters can be read, and did not move")
    func machine() {
        let before = OutOfMemory.count()
        #expect(before.kills != nil)
        #expect(OutOfMemory.finding(pid: 1, wasKilled: true, since: before).verdict == false)
    }
}
