import StokerAdmin
import StokerCore
import Testing

@Suite("Standbys on the status screen")
struct StandbyScreenTests {
    /// The line of `spare`, which is in this state and is this standby.
    private static func line(
        _ state: ProcessStatus.State, _ standby: StandbyStatus?, managed: Bool = true
    ) -> String {
        var report = healthyReport()
        report.processes = [
            ProcessStatus(
                name: "spare", kind: .inference, engine: .vllm, state: state, since: report.startedAt, reason: "why",
                managed: managed, standby: standby)
        ]
        let lines = StatusScreen(report).rendered(TextStyle()).split(separator: "\n")
        return lines.first { $0.hasPrefix("spare") }.map(String.init) ?? ""
    }

    @Test("say what the use of a cold one will cost, before it is needed")
    func cost() {
        let line = Self.line(.stopped, StandbyStatus(mode: .cold, loadSeconds: 42.5))
        #expect(line.contains("  cold standby  ") && line.hasSuffix("takes 42.5 s to load"))
    }

    @Test("say that the cost is not known when it never was started")
    func unknown() {
        let line = Self.line(.stopped, StandbyStatus(mode: .cold))
        #expect(line.hasSuffix("load time not known before its first start"))
    }

    @Test("say since when one serves")
    func serving() {
        let since = Timestamp(milliseconds: healthyReport().now.milliseconds - 180_000)
        let line = Self.line(.ready, StandbyStatus(mode: .cold, servingSince: since))
        #expect(line.contains("  ready  ") && line.hasSuffix("standby, serving since 3 min ago; why"))
    }

    @Test("say where one stands")
    func site() {
        let line = Self.line(.ready, StandbyStatus(mode: .warm, site: "berlin"), managed: false)
        #expect(line.contains("ready (attached)") && line.hasSuffix("warm standby at berlin; why"))
    }

    @Test("say what one waits for")
    func note() {
        let note = "needed, but gpu0 is held by a, which is starting"
        let line = Self.line(.stopped, StandbyStatus(mode: .cold, loadSeconds: 3, note: note))
        #expect(line.hasSuffix("takes 3 s to load; \(note)"))
    }

    @Test("show one that failed as failed, with its reason")
    func failed() {
        let line = Self.line(.failed, StandbyStatus(mode: .cold))
        #expect(line.contains("  failed  ") && line.hasSuffix("cold standby; why"))
    }

    @Test("survive a load time that is no number")
    func odd() {
        for seconds in [Double.infinity, -Double.infinity, Double.nan, -1] {
            #expect(Self.line(.stopped, StandbyStatus(mode: .cold, loadSeconds: seconds)).contains(" load"))
        }
    }

    @Test("are nobody else's business")
    func none() { #expect(Self.line(.stopped, nil).hasSuffix("  why")) }
}
