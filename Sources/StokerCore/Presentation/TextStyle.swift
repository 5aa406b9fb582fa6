/// What a piece of output says by its colour; never by colour alone.
package enum Tone: Sendable, CaseIterable {
    case plain
    case good
    case warning
    case bad
    case faint
    case strong

    /// Parameters of ECMA-48's SGR. The 8 basic colours, because the terminal's theme keeps those readable.
    var parameters: String? {
        switch self {
        case .plain: nil
        case .good: "32"
        case .warning: "33"
        case .bad: "1;31"
        case .faint: "2"
        case .strong: "1"
        }
    }
}

/// How output looks where it goes: coloured or not, and how wide.
package struct TextStyle: Sendable, Equatable {
    /// Whether tones are shown.
    package var isColoured: Bool
    /// Columns of the terminal; nil where nobody counts them (a pipe, a file): nothing is cut there.
    package var width: Int?

    /// Plain and of any width, unless told otherwise.
    package init(isColoured: Bool = false, width: Int? = nil) {
        self.isColoured = isColoured
        self.width = width
    }

    /// Colour only on a terminal that can show it, and not against the user's word (https://no-color.org).
    package static func of(isTerminal: Bool, width: Int?, environment: [String: String]) -> TextStyle {
        guard isTerminal else { return TextStyle() }
        let isRefused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        let term = environment["TERM"] ?? ""
        return TextStyle(
            isColoured: !isRefused && !term.isEmpty && term != "dumb", width: width.flatMap { $0 > 0 ? $0 : nil })
    }

    /// The text in its tone.
    package func paint(_ text: String, _ tone: Tone) -> String {
        guard isColoured, !text.isEmpty, let parameters = tone.parameters else { return text }
        return "\u{1B}[\(parameters)m\(text)\u{1B}[0m"
    }
}
