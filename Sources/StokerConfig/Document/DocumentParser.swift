import Yams

/// Turns the text of a config file into a tree of located nodes; the only place that knows the YAML library.
///
/// Bounds: depth and aliases here, size by the caller. Yams gives up at the first duplicate key, so duplicates are
/// made unique and the text is parsed again, to find every error of the file in one go.
package enum DocumentParser {
    /// The sketch in DESIGN.md needs five levels; nobody needs more than this.
    static let deepest = 16
    /// More occurrences of `*name` than this are not parsed at all: nested aliases multiply, and Yams hashes keys
    /// with everything below them.
    static let mostAliases = 16

    /// The tree of the only document in `text`; nil after errors have been reported that leave no tree.
    static func parse(_ text: String, _ diagnostics: Diagnostics) -> ConfigNode? {
        guard countOfAliases(in: text) <= mostAliases else {
            reportAlias(at: nil, diagnostics)
            return nil
        }
        var source = UniqueKeys(text: text)
        while true {
            do {
                guard let root = try compose(yaml: source.text), !isBlank(root) else {
                    diagnostics.report(
                        .emptyFile, "the file says nothing", at: nil,
                        hint: "processes: { engine-a: { engine: simulator } }")
                    return nil
                }
                return TreeBuilder(source: source, diagnostics: diagnostics).build(root)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                if source.makeUnique(keys.first ?? "", line: context.mark.line, column: context.mark.column) {
                    continue
                }
                diagnostics.report(
                    .duplicateKey, "this key occurs more than once in its mapping", at: Place(context.mark),
                    hint: "remove the line")
                return nil
            } catch {
                SyntaxErrors.report(error, in: source.text, diagnostics)
                return nil
            }
        }
    }

    /// Counts what may be an alias: `*` and a name, behind white space or an indicator. Comments and quotes count too;
    /// the bound leaves room for them.
    static func countOfAliases(in text: String) -> Int {
        var count = 0
        var before: UInt8 = UInt8(ascii: "\n")
        var wasStar = false
        for byte in text.utf8 {
            let isName = byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || byte >= 0x30 && byte <= 0x39)
            if wasStar, isName || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") { count += 1 }
            wasStar = byte == UInt8(ascii: "*") && (before <= 0x20 || before >= 0x80 || "[{,:?-".utf8.contains(before))
            before = byte
        }
        return count
    }

    static func reportAlias(at place: Place?, _ diagnostics: Diagnostics) {
        diagnostics.report(
            .noAlias, "anchors (&name) and aliases (*name) are not supported", at: place,
            hint: "write the value out where it is used")
    }

    /// A document of comments only is an empty plain scalar.
    private static func isBlank(_ root: Node) -> Bool {
        guard let scalar = root.scalar else { return false }
        return scalar.string.isEmpty && scalar.style == .plain
    }
}

extension Place {
    init(_ mark: Mark) { self.init(line: max(1, mark.line), column: max(1, mark.column)) }
}
