package import StokerCore

/// What `stoker check` answers.
package enum CheckReport {
    /// `stoker.yaml: 4 processes, 1 model, fine`
    package static func line(_ plan: Plan, path: String) -> String {
        let processes = count(plan.processes.count, "process", "processes")
        let models = count(plan.models.count, "model", "models")
        return "\(path): \(processes), \(models), fine"
    }

    /// The answer for scripts when the file is good.
    package static func accepted(
        _ plan: Plan, path: String, withPlan: Bool, warnings: [ConfigError] = []
    ) -> OrderedJSON {
        .object(of: [
            "ok": .bool(true), "file": .string(path), "digest": .string(plan.digest),
            "processes": .integer(plan.processes.count), "models": .integer(plan.models.count),
            "errors": .array([]), "warnings": .array(warnings.map(tree)),
            "plan": withPlan ? PlanOutline.tree(of: plan) : nil,
        ])
    }

    /// The answer for scripts when it is not.
    package static func refused(_ errors: ConfigErrors) -> OrderedJSON {
        .object(of: [
            "ok": .bool(false), "file": .string(errors.file), "errors": .array(errors.errors.map(tree)),
        ])
    }

    private static func tree(_ error: ConfigError) -> OrderedJSON {
        .object(of: [
            "line": error.place.map { .integer($0.line) }, "column": error.place.map { .integer($0.column) },
            "code": .string(error.code.rawValue), "message": .string(error.message), "hint": .string(error.hint),
        ])
    }

    private static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }
}
