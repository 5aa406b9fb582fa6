import StokerAdmin
import StokerCore
import Testing

@Suite("The status screen")
struct StatusScreenTests {
    @Test("shows what runs, since when, and why, in one screen")
    func golden() {
        #expect(
            StatusScreen(healthyReport()).rendered(TextStyle()) == """
                stoker 0.1.0 (pid 4711, up 3 h 12 min): healthy
                gateway http://127.0.0.1:8080  admin http://127.0.0.1:8081
                config /etc/stoker/stoker.yaml (0123456789ab)

                PROCESS     STATE               SINCE       PID  RESTARTS   MEMORY  ADDRESS         WHY
                gateway     ready               3 h ago    4712         0                           serving
                deepseek-a  ready               3 min ago  4713         2  512 MiB  127.0.0.1:9001  GET /health passes (last exit: killed by SIGKILL)
                other-site  unready (attached)  2 h ago                 0           10.0.0.9:8000   cannot connect: Connection refused

                MODEL        IN ROTATION  BACKENDS
                deepseek-r1  1 of 2       deepseek-a (standby: other-site)

                """)
    }

    @Test("says first that something is wrong, and which config runs on")
    func unhealthy() {
        var report = healthyReport()
        report.models[0].inRotation = 0
        report.configError = "stoker.yaml:7:12: stall is 0"
        let text = StatusScreen(report).rendered(TextStyle())
        #expect(text.hasPrefix("stoker 0.1.0 (pid 4711, up 3 h 12 min): not healthy\n"))
        #expect(text.contains("config refused, the earlier one runs on: stoker.yaml:7:12: stall is 0\n"))
        #expect(text.contains("0 of 2"))
    }

    @Test("gives the gateway's address as clients have to write it")
    func scheme() {
        var report = healthyReport()
        report.gatewayTLS = true
        #expect(StatusScreen(report).rendered(TextStyle()).contains("\ngateway https://127.0.0.1:8080  admin http://"))
    }

    @Test("does not say twice how a process ended")
    func lastExitOnce() {
        var report = healthyReport()
        report.processes[1].reason = "restarting after killed by SIGKILL"
        let text = StatusScreen(report).rendered(TextStyle())
        #expect(!text.contains("last exit"))
    }

    @Test("reddens what a person must act on, and only that")
    func tones() {
        for state in ProcessStatus.State.allCases {
            #expect((state.tone == .bad) == (state == .failed))
        }
    }

    @Test("lets no message steer the terminal")
    func hostile() {
        var report = healthyReport()
        report.processes[1].reason = "\u{1B}[2Jgone"
        report.configError = "\u{1B}[2J"
        report.config = "\u{1B}c"
        #expect(!StatusScreen(report).rendered(TextStyle()).contains("\u{1B}"))
    }
}

@Suite("Event lines")
struct EventLinesTests {
    private let event = Event(
        id: 3, time: Timestamp(milliseconds: 1_700_000_000_000), severity: .error, kind: .processExited,
        subject: "deepseek-a", message: "killed by SIGKILL", evidence: ["exit status 137", "dmesg: oom-kill"])

    @Test("put the facts below the sentence")
    func golden() {
        #expect(
            EventLines(event, utcOffset: 0).rendered(TextStyle()) == """
                2023-11-14 22:13:20  error    process.exited        deepseek-a: killed by SIGKILL
                    | exit status 137
                    | dmesg: oom-kill

                """)
    }

    @Test("name no subject when it is the daemon itself")
    func noSubject() {
        var event = event
        event.subject = nil
        event.evidence = []
        #expect(
            EventLines(event, utcOffset: 0).rendered(TextStyle()).hasSuffix("process.exited        killed by SIGKILL\n")
        )
    }

    @Test("are coloured by severity on a terminal, and let no message steer it")
    func colours() {
        var event = event
        event.message = "\u{1B}[2J"
        event.evidence = ["\u{1B}[2J"]
        let text = EventLines(event, utcOffset: 0).rendered(TextStyle(isColoured: true))
        #expect(text.contains("\u{1B}[1;31merror  \u{1B}[0m"))
        #expect(!text.contains("\u{1B}[2J"))
    }
}
