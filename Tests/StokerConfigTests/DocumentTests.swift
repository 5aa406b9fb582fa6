import StokerConfig
import StokerCore
import Testing

@Suite struct DocumentTests {
    @Test func `errors come in the order of the file`() {
        let errors = Reading.errors("models: { m: { backends: [x] } }\ngateway: { threads: x }\nprocesses: { a: {} }\n")
        #expect(errors.compactMap { $0.place?.line } == [1, 2, 3])
    }

    @Test func `duplicate keys do not hide the errors after them`() {
        let errors = Reading.errors(
            Reading.processText("engine: simulator", "port: 1", "port: 2", "stop: { grace: 5 }"))
        #expect(errors.map(\.code) == [.duplicateKey, .badDuration])
        #expect(errors.first?.place == Place(line: 5, column: 5))
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `duplicate keys are found whatever ends the lines`(newline: String) {
        let lines = ["processes:", "  a:", "    engine: simulator", "    port: 1", "    engine: vllm", ""]
        let errors = Reading.errors(lines.joined(separator: newline))
        #expect(errors.map(\.code) == [.duplicateKey])
        #expect(errors.first?.place?.line == 5)
    }

    @Test(arguments: ["\"port\"", "'port'", "port", "\"\\x70ort\"", "!!str port"])
    func `a key is the same however it is written`(written: String) {
        let errors = Reading.errors("processes: { a: { engine: simulator, \(written): 1, port: 2 } }")
        #expect(errors.map(\.code) == [.duplicateKey])
    }

    @Test func `a large file with a duplicate on every line is answered in time`() {
        let text = "processes:\n" + String(repeating: "  a: { engine: simulator }\n", count: 30_000)
        #expect(Reading.errors(text).contains { $0.code == .duplicateKey })
    }

    @Test func `many duplicate keys end the search, not the reader`() {
        let lines = (0..<200).map { "  a\($0 % 100): { engine: simulator, port: \(9000 + $0) }\n" }
        let errors = Reading.errors("processes:\n" + lines.joined())
        #expect(errors.contains { $0.code == .duplicateKey })
    }

    @Test func `columns count characters, not bytes`() {
        let errors = Reading.errors("processes: { a: { engine: simulator, env: { Ä: x }, stop: { grace: ü } } }")
        #expect(errors.compactMap { $0.place?.column } == [45, 68])
    }

    @Test func `a byte order mark is not part of the first key`() throws {
        #expect(try Reading.plan("\u{FEFF}processes: { a: { engine: simulator } }").processes.count == 1)
    }

    @Test func `a long list of errors is cut, and the rest counted`() {
        let lines = (0..<500).map { "key\($0): 1\n" }.joined()
        let errors = ConfigErrors(file: "stoker.yaml", errors: Reading.errors(lines))
        #expect(errors.errors.count == 501)
        #expect(errors.text.hasSuffix("stoker.yaml: and 451 more errors"))
    }

    @Test func `stars in scripts, comments and quotes are no aliases`() throws {
        let stars = String(repeating: "# * not an alias, *nor this*\n", count: 5)
        #expect(
            try Reading.plan(stars + "processes: { a: { kind: other, command: [ls, \"*x\"] } }").processes.count == 1)
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "])
    func `deep nesting is refused and does not overflow the stack`(opening: String) {
        for depth in [20, 900, 1500, 50_000] {
            #expect(!Reading.errors("processes: {}\nmodels: " + String(repeating: opening, count: depth)).isEmpty)
        }
    }

    @Test func `nested aliases are refused before they multiply`() {
        var text = "a: &a [x, x, x]\n"
        for (last, next) in zip("abcdefghijklmno", "bcdefghijklmnop") {
            text += "\(next): &\(next) [*\(last), *\(last), *\(last), *\(last), *\(last), *\(last)]\n"
        }
        #expect(Reading.errors(text + "? *p\n: x\n").map(\.code) == [.noAlias])
    }

    @Test func `a file of a mebibyte is the largest`() throws {
        let valid = "processes: { a: { engine: simulator } }\n#"
        let fill = String(repeating: "x", count: ConfigReader.largestFile - valid.utf8.count)
        #expect(try Reading.plan(valid + fill).processes.count == 1)
        #expect(Reading.errors(valid + fill + "x").map(\.code) == [.fileTooLarge])
    }

    @Test func `what YAML has other types for is read by the type that is wanted`() throws {
        let process = try Reading.process(
            "engine: simulator", "env: { A: no, B: 3.10, C: 0x1F, D: 2026-11-24, E: off }")
        let values = process.environment.mapValues(\.revealed)
        #expect(values["A"] == "no" && values["B"] == "3.10" && values["C"] == "0x1F")
        #expect(values["D"] == "2026-11-24" && values["E"] == "off")
    }
}
