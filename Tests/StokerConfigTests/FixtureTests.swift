import StokerConfig
import StokerCore
import Testing

@Suite struct FixtureTests {
    @Test(arguments: Fixture.invalid)
    func `an invalid config is told exactly what its first comment says`(fixture: Fixture) throws {
        let text = try fixture.text
        let errors = #expect(throws: ConfigErrors.self) { try Reading.plan(text, name: fixture.name) }
        #expect(errors?.text == (try fixture.expectation))
    }

    @Test(arguments: Fixture.invalid)
    func `no message quotes a secret`(fixture: Fixture) throws {
        let text = try fixture.text
        let errors = #expect(throws: ConfigErrors.self) { try Reading.plan(text) }
        let answer = try #require(errors.map { $0.text + CheckReport.refused($0).json })
        for secret in [Reading.secretVariable, Reading.secretFile, Reading.exposedFile, "hunter2"] {
            #expect(!answer.contains(secret))
        }
    }

    @Test(arguments: Fixture.invalid)
    func `no message carries a control character to the terminal`(fixture: Fixture) throws {
        let text = try fixture.text
        let errors = #expect(throws: ConfigErrors.self) { try Reading.plan(text) }
        let hazards = errors?.text.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
        #expect(hazards?.isEmpty == true)
    }

    @Test(arguments: Fixture.valid + Fixture.examples)
    func `a valid config is read without a complaint`(fixture: Fixture) throws {
        let plan = try Reading.plan(try fixture.text, name: fixture.name)
        #expect(!plan.processes.isEmpty)
    }

    @Test func `there are examples for the ways in which people begin`() {
        let names = Fixture.examples.map(\.name)
        #expect(names.contains("quickstart.yaml") && names.contains("simulator.yaml"))
        #expect(names.contains("deepseek-vllm.yaml") && names.contains("attach.yaml"))
    }

    @Test func `every error code has a fixture`() throws {
        // These are about files, which a text cannot show.
        let aboutFiles: Set<ConfigError.Code> = [.fileTooLarge, .fileUnreadable, .badCertificate]
        var seen = aboutFiles
        for fixture in Fixture.invalid {
            seen.formUnion(Reading.errors(try fixture.text).map(\.code))
        }
        #expect(seen == Set(ConfigError.Code.allCases))
    }

    @Test func `every error says what to write instead`() throws {
        for fixture in Fixture.invalid {
            for error in Reading.errors(try fixture.text) {
                #expect(!error.hint.isEmpty && !error.message.hasSuffix("."), "\(fixture.name): \(error)")
            }
        }
    }
}
