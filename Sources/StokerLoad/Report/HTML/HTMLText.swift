/// Text for HTML and SVG. Everything that comes from outside goes through here.
package enum HTMLText {
    /// Harmless between tags and in quoted attributes; control characters that no browser shows are dropped.
    package static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            case "\n", "\t": out.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// JSON that may stand in a `<script>`: no `<` can end it or begin a comment.
    static func embedded(_ json: String) -> String {
        json.split(separator: "<", omittingEmptySubsequences: false).joined(separator: "\\u003c")
    }

    /// A table; its cells are HTML already.
    package static func table(_ head: [String], _ rows: [[String]], kind: String = "") -> String {
        let titles = head.map { "<th scope=\"col\">\($0)</th>" }.joined()
        let lines = rows.map { row in
            "<tr>"
                + row.enumerated().map { index, cell in
                    index == 0 ? "<th scope=\"row\">\(cell)</th>" : "<td>\(cell)</td>"
                }.joined() + "</tr>"
        }
        return "<div class=\"scroll\"><table class=\"\(kind)\"><thead><tr>\(titles)</tr></thead><tbody>"
            + lines.joined(separator: "\n") + "</tbody></table></div>"
    }

    /// Names and values, side by side; values are HTML already.
    package static func facts(_ facts: [(String, String)]) -> String {
        "<dl>" + facts.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>" }.joined(separator: "\n") + "</dl>"
    }
}
