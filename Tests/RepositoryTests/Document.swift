import Testing

/// One Markdown file, read as far as the rules need it.
struct Document: CustomTestStringConvertible, Sendable {
    var path: String
    /// Lines outside of fenced code.
    private(set) var prose: [Substring] = []
    /// Lines of shell or console blocks, without the prompt.
    private(set) var fenced: [Substring] = []

    init(path: String) {
        self.path = path
        var fence: Substring?
        for line in (Repository.text(of: path) ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                fence = fence == nil ? line.dropFirst(3) : nil
            } else if let language = fence {
                guard ["sh", "console", "bash"].contains(language) else { continue }
                fenced.append(line.hasPrefix("$ ") ? line.dropFirst(2) : line)
            } else {
                prose.append(line)
            }
        }
    }

    var testDescription: String { path }

    /// The targets of its links that lead into this repository.
    var links: [String] {
        prose.flatMap { line in
            // Inline code may hold what looks like a link.
            line.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
        }
        .filter { !$0.contains("://") && !$0.hasPrefix("mailto:") }
    }

    /// The anchors of its headings, as GitHub makes them.
    var anchors: Set<String> {
        Set(
            prose.filter { $0.hasPrefix("#") }.map { heading in
                let title = heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
                return String(
                    title.compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : nil })
            })
    }

    /// A link's path, relative to the root.
    func resolve(_ link: String) -> String {
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for step in link.split(separator: "/") {
            switch step {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(String(step))
            }
        }
        return parts.joined(separator: "/")
    }
}
