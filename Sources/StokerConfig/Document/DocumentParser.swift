import Yams

/// Turns the text of a config file into a tree of located nodes; the only place that knows the YAML library.
///
/// Bounds: depth and aliases here, size by the caller. Yams gives up at the first duplicate key, so duplicates are
/// made unique and the text is parsed again, to find every error of the file in one go.
enum DocumentParser {
    /// The sketch in DESIGN.md needs five levels; nobody needs more than this.
    static let deepest = 16
    /// More occurrences of `*name` than this are not parsed at all: nested aliases multiply, and Yams hashes keys
    /// with everything below them.
    static let mostAliases = 16

    /// The tree of the only document in `text`; nil after errors have been reported that leave no tree.
    static func parse(_ text: String, _ diagnostics: Diagnostics) -> ConfigNode? {
        let aliases = possibleAliases(in: text)
        guard aliases.count <= mostAliases else {
            reportAlias(at: aliases.first, diagnostics)
            return nil
        }
        var source = UniqueKeys(text: text)
        while true {
            do {
                // Without rules every scalar is text: `1` and `"1"` are the same key then, and nothing is matched
                // against Yams' regular expressions. A node refers to its anchor weakly; the parser owns it.
                let parser = try Parser(yaml: source.text, resolver: .basic)
                let root = try parser.singleRoot()
                return withExtendedLifetime(parser) { tree(root, source, diagnostics) }
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

    private static func tree(_ root: Node?, _ source: UniqueKeys, _ diagnostics: Diagnostics) -> ConfigNode? {
        if let root, !isBlank(root) {
            let tree = TreeBuilder(source: source, diagnostics: diagnostics).build(root)
            // Without the nodes of the aliases, half of what follows would be said to be missing.
            return diagnostics.errors.contains { $0.code == .noAlias } ? nil : tree
        }
        diagnostics.report(
            .emptyFile, "the file says nothing", at: nil, hint: "processes: { engine-a: { engine: simulator } }")
        return nil
    }

    /// Where an alias may be: `*` and a name, behind white space or an indicator. Comments and quotes count too; the
    /// bound leaves room for them.
    static func possibleAliases(in text: String) -> (count: Int, first: Place?) {
        var (count, first) = (0, Place?.none)
        var place = Place(line: 1, column: 0)
        var before: Unicode.Scalar = "\n"
        var isStar = false
        for scalar in text.unicodeScalars {
            if isStar,
                scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "_-".unicodeScalars.contains(scalar)
            {
                count += 1
                first = first ?? place
            }
            place.column += 1
            isStar =
                scalar == "*"
                && (before.value <= 0x20 || before.value >= 0x80 || "[{,:?-".unicodeScalars.contains(before))
            before = scalar
            if scalar == "\n" { place = Place(line: place.line + 1, column: 0) }
        }
        return (count, first)
    }

    static func reportDepth(at place: Place?, _ diagnostics: Diagnostics) {
        diagnostics.report(
            .tooDeep, "nested more than \(deepest) levels deep", at: place, hint: "stoker check --reference")
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
