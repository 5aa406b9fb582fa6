import ArgumentParser
import StokerConfig
import StokerCore

/// `stoker check`: reads the config as `stoker run` would, and says what is wrong or what comes of it.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the config file.",
        discussion: """
            Reports every mistake at once, each with line, column, code and a line to paste. Starts nothing and touches
            nothing; secrets are looked up, so run it as the user and in the environment that the daemon will have.

            EXAMPLES
              stoker check                                  # $STOKER_CONFIG, ./stoker.yaml or /etc/stoker/stoker.yaml
              stoker check -c examples/quickstart.yaml --print    # with every default filled in, secrets as ***
              stoker check --json | jq '.errors[].code'
              stoker check --reference > docs/config.md
              stoker check --schema > docs/stoker.schema.json

            EXIT CODES
              0 fine, 2 not a valid config
            """)

    @OptionGroup var option: ConfigOption

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Flag(help: "Print the plan with every default filled in; secrets are shown as ***.")
    var print = false

    @Flag(help: "Print the config reference in Markdown and exit.")
    var reference = false

    @Flag(help: "Print the JSON Schema of the config and exit.")
    var schema = false

    func run() async throws {
        if reference { return Swift.print(ReferencePage.text, terminator: "") }
        if schema { return Swift.print(JSONSchema.text, terminator: "") }
        let path = try option.path()
        do {
            let plan = try ConfigOption.reader().read(path: path)
            let certificate = CertificateReview(plan: plan, path: path, now: .now)
            guard certificate.errors.isEmpty else { throw ConfigErrors(file: path, errors: certificate.errors) }
            report(plan, path: path, warnings: certificate.warnings)
        } catch let error as ConfigErrors {
            guard json else { throw option.refuse(error) }
            Swift.print(CheckReport.refused(error).json)
            throw ExitCode(2)
        }
    }

    private func report(_ plan: Plan, path: String, warnings: [ConfigError]) {
        if json {
            Swift.print(CheckReport.accepted(plan, path: path, withPlan: print, warnings: warnings).json)
            return
        }
        if !warnings.isEmpty { option.warn(ConfigErrors(file: path, errors: warnings)) }
        if print {
            Swift.print(PlanOutline.tree(of: plan).yaml())
        } else {
            Swift.print(CheckReport.line(plan, path: path))
        }
    }
}
