import Yams

/// Says in our words where and why a text is not YAML.
enum SyntaxErrors {
    static func report(_ error: any Error, in text: String, _ diagnostics: Diagnostics) {
        switch error {
        case YamlError.reader(let problem, let offset, _, _):
            diagnostics.report(
                .badYAML, "not YAML: \(problem)", at: place(ofCharacter: offset ?? 0, in: text),
                hint: "save the file as UTF-8 without control characters")
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            report(problem, context, mark, diagnostics)
        default:
            // Only libyaml's "out of memory" is left, which is also what it says when its stacks are full.
            DocumentParser.reportDepth(at: nil, diagnostics)
        }
    }

    private static func report(
        _ problem: String, _ context: YamlError.Context?, _ mark: Mark, _ diagnostics: Diagnostics
    ) {
        switch problem {
        case _ where problem.contains("undefined alias"):
            return DocumentParser.reportAlias(at: Place(mark), diagnostics)
        case _ where problem.contains("nesting level"):
            return DocumentParser.reportDepth(at: Place(mark), diagnostics)
        case _ where problem.contains("another document"):
            return diagnostics.report(
                .badYAML, "a second document begins here; a config is one", at: Place(mark), hint: "remove the line ---"
            )
        default:
            break
        }
        var message = "not YAML: \(problem)"
        if let context, !context.text.isEmpty {
            message += ", \(context.text) that began on line \(max(1, context.mark.line))"
        }
        diagnostics.report(.badYAML, message, at: Place(mark), hint: hint(for: problem))
    }

    /// The usual causes of libyaml's usual messages.
    private static func hint(for problem: String) -> String {
        switch problem {
        case _ where problem.contains("mapping values are not allowed"):
            "name: \"a text with a colon: in quotes\""
        case _ where problem.contains("cannot start any token"):
            "indent with spaces, and quote a value that starts with one of @ ` % or a tab"
        case _ where problem.contains("did not find expected key"), _ where problem.contains("block end"):
            "give all keys of one section the same indentation"
        case _ where problem.contains("could not find expected ':'"):
            "name: value"
        default:
            "close every bracket and quote, and indent with spaces"
        }
    }

    private static func place(ofCharacter offset: Int, in text: String) -> Place {
        var place = Place(line: 1, column: 1)
        for character in text.prefix(offset) {
            if character.isNewline {
                place = Place(line: place.line + 1, column: 1)
            } else {
                place.column += 1
            }
        }
        return place
    }
}
