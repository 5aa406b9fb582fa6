/// Rows under headings, aligned by what a terminal shows.
package struct Table: Sendable, Equatable {
    /// One cell; control characters in its text are made visible.
    package struct Cell: Sendable, Equatable, ExpressibleByStringInterpolation {
        /// What is shown, already harmless.
        package var text: String
        /// How it is coloured where colours are shown.
        package var tone: Tone

        /// Makes the text harmless.
        package init(_ text: String, _ tone: Tone = .plain) {
            self.text = SafeText.escaped(text)
            self.tone = tone
        }

        /// A plain cell, for literals.
        package init(stringLiteral value: String) { self.init(value) }
    }

    /// To which side cells are moved: names left, numbers right.
    package enum Alignment: Sendable, Equatable {
        case left
        case right
    }

    /// One column and its heading.
    package struct Column: Sendable, Equatable {
        /// The heading, in capitals.
        package var title: String
        /// To which side its cells are moved.
        package var alignment: Alignment

        /// A column, left unless it holds numbers.
        package init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// Fewest columns that the last column keeps on a narrow terminal.
    private static let narrowest = 12
    private static let gap = "  "

    /// The headings, from left to right.
    package var columns: [Column]
    /// The cells, from top to bottom; a short row has empty cells at its end.
    package var rows: [[Cell]]

    /// A table, to be filled or full.
    package init(_ columns: [Column], rows: [[Cell]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// The lines, each ended by a line feed. Only the last column is cut on a narrow terminal: names and numbers never.
    package func rendered(_ style: TextStyle) -> String {
        let widths = self.widths(in: style)
        let headings = columns.map { Cell($0.title, .faint) }
        return ([headings] + rows).map { line($0, widths: widths, style) + "\n" }.joined()
    }

    /// Columns that no row fills are left out by their width of nil.
    private func widths(in style: TextStyle) -> [Int?] {
        var widths: [Int?] = columns.indices.map { index in
            let widest = rows.map { index < $0.count ? DisplayWidth.of($0[index].text) : 0 }.max() ?? 0
            return widest == 0 && !rows.isEmpty ? nil : max(widest, DisplayWidth.of(columns[index].title))
        }
        guard let total = style.width, let last = widths.lastIndex(where: { $0 != nil }), let wanted = widths[last]
        else { return widths }
        let taken = widths[..<last].reduce(0) { $0 + ($1.map { $0 + Self.gap.count } ?? 0) }
        widths[last] = min(wanted, max(Self.narrowest, total - taken))
        return widths
    }

    private func line(_ cells: [Cell], widths: [Int?], _ style: TextStyle) -> String {
        var parts: [String] = []
        let last = widths.lastIndex { $0 != nil }
        for (index, column) in columns.enumerated() {
            guard let width = widths[index] else { continue }
            let cell = index < cells.count ? cells[index] : ""
            let text = DisplayWidth.fitted(cell.text, into: width)
            let padding = String(repeating: " ", count: max(0, width - DisplayWidth.of(text)))
            let painted = style.paint(text, cell.tone)
            switch column.alignment {
            case .right: parts.append(padding + painted)
            case .left: parts.append(index == last ? painted : painted + padding)
            }
        }
        return trimmedRight(parts.joined(separator: Self.gap))
    }

    private func trimmedRight(_ text: String) -> String {
        var text = text[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
