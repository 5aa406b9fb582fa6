import StokerCore

/// One line of the live view: pieces of text with their tones, cut by what a terminal shows and not by escape codes.
struct LiveLine: ExpressibleByStringInterpolation {
    private var pieces: [(text: String, tone: Tone)]

    init(stringLiteral value: String) { pieces = [(value, .plain)] }

    init(_ text: String, _ tone: Tone = .plain) { pieces = [(text, tone)] }

    static func + (left: LiveLine, right: LiveLine) -> LiveLine {
        var line = left
        line.pieces += right.pieces
        return line
    }

    static func joined(_ lines: [LiveLine], by separator: String) -> LiveLine {
        lines.dropFirst().reduce(lines.first ?? "") { $0 + LiveLine(separator) + $1 }
    }

    /// At most `width` columns.
    func rendered(_ style: TextStyle, width: Int) -> String {
        var room = width
        var result = ""
        for piece in pieces where room > 0 {
            let text = DisplayWidth.fitted(piece.text, into: room)
            result += style.paint(text, piece.tone)
            // What was cut ends the line, whatever the ellipsis left of the room.
            room = text == piece.text ? room - DisplayWidth.of(text) : 0
        }
        return result
    }
}
