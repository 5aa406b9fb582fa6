import StokerCore
import StokerHost
import StokerProbe
import StokerSupervisor
import Testing

@Suite("The prober of production", .serialized)
struct SystemProberTests {
    static let prober = SystemProber(client: CurlClient())

    private func ask(_ target: ProbeTarget, timeout: Duration = .seconds(20)) async -> ProbeResult {
        var plan = ProcessPlan(name: "engine", kind: .other, command: ["/opt/engine"])
        plan.environment = ["ANSWER": "42"]
        return await Self.prober.ask(target, of: plan, timeout: timeout)
    }

    @Test("passes a program that exits 0, and runs it with the environment of the process")
    func passes() async {
        #expect(await ask(.exec(command: ["/bin/sh", "-c", "test $ANSWER = 42"])).passed)
    }

    @Test(
        "fails a program by its exit code, or by its signal as shells number it",
        arguments: [
            ("exit 3", ProbeResult.Failure.exit(3)), ("kill -9 $$", .exit(137)),
        ])
    func fails(script: String, failure: ProbeResult.Failure) async {
        #expect(await ask(.exec(command: ["/bin/sh", "-c", script])).failure == failure)
    }

    @Test("fails a program that does not end in time, and leaves nothing of it behind")
    func timeout() async {
        let result = await ask(
            .exec(command: ["/bin/sh", "-c", "exec tail -f /dev/null"]), timeout: .milliseconds(100))
        #expect(result.failure == .timeout(phase: "exec"))
        #expect(result.total >= .milliseconds(100))
    }

    @Test("says why a program could not be started")
    func missing() async {
        let result = await ask(.exec(command: ["/nonexistent/probe"]))
        #expect(result.text.contains("No such file or directory"))
    }

    @Test("leaves HTTP and TCP to the client")
    func network() async {
        // Port 1 of the loopback is nobody's.
        for target in [ProbeTarget.http(url: "http://127.0.0.1:1/health"), .tcp(host: "127.0.0.1", port: 1)] {
            #expect(await ask(target).failure?.reason == "connect")
        }
    }

    @Test("and the process table tell a process from another that got its number")
    func identity() throws {
        let me = try #require(ProcessTable.entry(of: ProcessTable.read().entries.keys.min() ?? 1))
        let same = ProcessIdentity(pid: me.pid, startTime: me.startTime, bootID: ProcessFacts.bootID)
        let other = ProcessIdentity(pid: me.pid, startTime: me.startTime + 1, bootID: ProcessFacts.bootID)
        let usage = ProcessTable.usage(of: [same, other])
        #expect(usage[same] != nil)
        #expect(usage[other] == nil)
    }
}
