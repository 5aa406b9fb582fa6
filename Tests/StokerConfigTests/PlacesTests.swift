import StokerConfig
import StokerCore
import Testing

@Suite("Finding the daemon by a config file")
struct PlacesTests {
    private func places(_ text: String, path: String = "/etc/stoker/stoker.yaml") -> Plan? {
        let files = FileAccess(workingDirectory: { "/srv" }) { asked, _ in
            asked == path ? .success(FileContents(bytes: Array(text.utf8), mode: 0o644)) : .failure(.system("no"))
        }
        return ConfigReader.places(path: path, files: files)
    }

    @Test("works while the file has errors, and while its secrets are not ours to read")
    func broken() throws {
        let plan = try #require(
            places(
                """
                state_dir: ../state
                processes:
                  a: { engine: nonsense, prot: 9001, env: { KEY: "${file:/root/key}", B: "${UNSET}" } }
                """, path: "/srv/conf/stoker.yaml"))
        #expect(plan.controlSocket == "/srv/state/run/control.sock")
        #expect(plan.eventsDatabase == "/srv/state/events.sqlite")
        #expect(plan.logPath(of: "a") == "/srv/state/log/a.log")
        #expect(plan.processes.map(\.name) == ["a"])
    }

    @Test("takes the runtime directory where one is named, and the usual one where nothing is")
    func directories() {
        #expect(places("runtime_dir: /tmp/r\nprocesses: {}")?.controlSocket == "/tmp/r/control.sock")
        #expect(places("processes: {}")?.controlSocket == "/run/stoker/control.sock")
    }

    @Test("tells where a key's value stands")
    func place() {
        let text = "processes: {}\ngateway:\n  tls:\n    certificate: a.pem\n    key: b.pem\n"
        let files = FileAccess(workingDirectory: { "/srv" }) { _, _ in
            .success(FileContents(bytes: Array(text.utf8), mode: 0o644))
        }
        let place = { (keys: [String]) in ConfigReader.place(of: keys, path: "stoker.yaml", files: files) }
        #expect(place(["gateway", "tls", "certificate"]) == Place(line: 4, column: 18))
        #expect(place(["gateway", "tls", "key"]) == Place(line: 5, column: 10))
        #expect(place(["gateway", "tls", "cert"]) == nil && place(["gateway", "tls", "key", "x"]) == nil)
        #expect(ConfigReader.place(of: ["gateway"], path: "/nonexistent/stoker.yaml") == nil)
    }

    @Test("gives up on what is no YAML, no text, or no file", arguments: ["a: [", "", "\t- x: {"])
    func hopeless(text: String) {
        #expect(places(text) == nil)
        #expect(ConfigReader.places(path: "/nonexistent/stoker.yaml") == nil)
    }
}
