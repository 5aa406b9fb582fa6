import StokerConfig
import StokerCore
import Testing

@Suite struct SecretTests {
    private func variable(_ text: String) throws -> Secret? {
        try Reading.process("engine: simulator", "env: { A: \"\(text)\" }").environment["A"]
    }

    @Test func `a variable of the daemon is a secret`() throws {
        #expect(try variable("${HF_TOKEN}") == Secret(Reading.secretVariable, isSecret: true))
        #expect(try variable("Bearer ${HF_TOKEN}!") == Secret("Bearer \(Reading.secretVariable)!", isSecret: true))
        #expect(try variable("${EMPTY}") == Secret("", isSecret: true))
    }

    @Test(arguments: ["token", "windows"])
    func `a file loses its last newline only`(name: String) throws {
        let secret = try variable("${file:/run/credentials/stoker/\(name)}")
        #expect(secret == Secret(Reading.secretFile, isSecret: true))
        #expect(try variable("${file:/run/credentials/stoker/lines}")?.revealed == "one\ntwo\n")
    }

    @Test func `a file is found relative to the config`() throws {
        #expect(try variable("${file:../../run/credentials/stoker/token}")?.revealed == Reading.secretFile)
    }

    @Test func `what is written out is no secret`() throws {
        #expect(try variable("plain") == Secret("plain", isSecret: false))
        #expect(try variable("${PORT}") == Secret("8000", isSecret: false))
        #expect(try variable("$${HF_TOKEN} $x {y} $") == Secret("${HF_TOKEN} $x {y} $", isSecret: false))
    }

    @Test func `several can be in one text`() throws {
        let text = "${HF_TOKEN}:${PORT}:${file:/run/credentials/stoker/token}"
        let expected = "\(Reading.secretVariable):8000:\(Reading.secretFile)"
        #expect(try variable(text) == Secret(expected, isSecret: true))
    }

    @Test func `what a secret holds is not expanded again`() throws {
        let reader = ConfigReader(
            program: "stoker", environment: ["A": "${B}", "B": "no"], files: Reading.files)
        let plan = try reader.read(
            text: Reading.processText("engine: simulator", "env: { X: \"${A}\" }"), name: "x", directory: "/")
        #expect(plan.processes.first?.environment["X"]?.revealed == "${B}")
    }

    @Test func `nothing of the daemon's environment leaks in`() throws {
        let environment = try Reading.process("engine: simulator").environment
        #expect(Set(environment.keys) == ["PATH", "HOME", "LANG", "PORT"])
        #expect(environment["HOME"]?.revealed == "/home/stoker" && environment["LANG"]?.revealed == "C.UTF-8")
        #expect(environment.values.allSatisfy { !$0.isSecret })
    }

    @Test func `the config may override what every process gets`() throws {
        let environment = try Reading.process("engine: simulator", "env: { PATH: /opt/bin, PORT: \"1\" }").environment
        #expect(environment["PATH"] == "/opt/bin" && environment["PORT"] == "1")
    }

    @Test func `the effective plan shows no secret`() throws {
        let plan = try Reading.plan(
            Reading.processText(
                "engine: simulator",
                "env: { A: \"${HF_TOKEN}\", B: \"x${file:/run/credentials/stoker/token}\", C: plain }"))
        for text in [PlanOutline.tree(of: plan).yaml(), PlanOutline.tree(of: plan).json] {
            #expect(text.contains("***") && text.contains("plain"))
            #expect(!text.contains("s3cret"))
        }
    }

    @Test func `an interpolated secret shows as stars`() throws {
        let secret = try #require(try variable("${HF_TOKEN}"))
        #expect("\(secret)" == "***")
    }
}
