import StokerCore
import Testing

@Suite("A table")
struct TableTests {
    private let plain = TextStyle()

    @Test("aligns names left and numbers right, and ends no line with spaces")
    func aligned() {
        let table = Table(
            [.init("NAME"), .init("COUNT", .right), .init("WHY")],
            rows: [["a", "1", "x"], ["longer", "12345", ""]])
        #expect(
            table.rendered(plain) == """
                NAME    COUNT  WHY
                a           1  x
                longer  12345

                """)
    }

    @Test("leaves out a column that no row fills")
    func emptyColumn() {
        let table = Table([.init("A"), .init("EMPTY"), .init("B")], rows: [["1", "", "2"], ["3", "", "4"]])
        #expect(table.rendered(plain) == "A  B\n1  2\n3  4\n")
    }

    @Test("shows its headings when it has no rows")
    func noRows() {
        #expect(Table([.init("A"), .init("B")]).rendered(plain) == "A  B\n")
    }

    @Test("cuts only the last column on a narrow terminal")
    func narrow() {
        let table = Table(
            [.init("NAME"), .init("WHY")], rows: [["deepseek-a", "the startup probe has not passed yet"]])
        let lines = table.rendered(TextStyle(width: 30)).split(separator: "\n")
        #expect(lines[1] == "deepseek-a  the startup probe…")
        #expect(lines.allSatisfy { DisplayWidth.of($0) <= 30 })
    }

    @Test("keeps twelve columns for the reason however narrow the terminal is")
    func veryNarrow() {
        let table = Table(
            [.init("NAME"), .init("WHY")], rows: [["deepseek-a", "the startup probe has not passed yet"]])
        #expect(table.rendered(TextStyle(width: 5)).contains("the startup…"))
    }

    @Test("cuts nothing where nobody counts columns")
    func pipe() {
        let long = String(repeating: "x", count: 500)
        #expect(Table([.init("A")], rows: [[.init(long)]]).rendered(plain).contains(long))
    }

    @Test("aligns wide and combining characters by what a terminal shows")
    func wide() {
        let table = Table([.init("N"), .init("M")], rows: [["深度", "1"], ["e\u{301}", "2"], ["abcd", "3"]])
        #expect(table.rendered(plain) == "N     M\n深度  1\ne\u{301}     2\nabcd  3\n")
    }

    @Test("paints cells without counting the paint")
    func painted() {
        let table = Table([.init("A"), .init("B")], rows: [[.init("x", .good), "y"], ["long", "z"]])
        let text = table.rendered(TextStyle(isColoured: true))
        #expect(text.contains("\u{1B}[32mx\u{1B}[0m     y\n"))
        #expect(text.contains("long  z\n"))
    }

    @Test("shows a cell that would steer the terminal as text")
    func hostile() {
        let table = Table([.init("A")], rows: [[.init("\u{1B}]0;owned\u{7}\r\nroot#")]])
        #expect(table.rendered(plain) == "A\n\\x1b]0;owned\\x07\\r\\nroot#\n")
    }
}

@Suite("Safe text")
struct SafeTextTests {
    @Test(
        "escapes what moves, hides or turns text",
        arguments: [
            ("\u{1B}[2J", "\\x1b[2J"), ("a\rb", "a\\rb"), ("a\r\nb", "a\\r\\nb"), ("\u{7F}", "\\x7f"),
            ("\u{9B}31m", "\\x9b31m"), ("\u{202E}gpj.exe", "\\u{202e}gpj.exe"), ("\u{2066}x", "\\u{2066}x"),
            ("\u{200F}", "\\u{200f}"), ("\u{2028}", "\\u{2028}"), ("\0", "\\x00"),
        ])
    func dangerous(text: String, safe: String) {
        #expect(SafeText.escaped(text) == safe)
    }

    @Test("leaves everything else alone", arguments: ["", "plain", "a\tb", "Ünïcödé 深度 🔥", "e\u{301}", "a‍b"])
    func harmless(text: String) {
        #expect(SafeText.escaped(text) == text)
    }
}

@Suite("Display width")
struct DisplayWidthTests {
    @Test(
        "counts columns and not characters",
        arguments: [("", 0), ("abc", 3), ("深", 2), ("é", 1), ("e\u{301}", 1), ("🔥", 2), ("a\u{200B}b", 2), ("ｗ", 2)])
    func widths(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test("fits text without cutting a wide character in two")
    func fitted() {
        #expect(DisplayWidth.fitted("abcdef", into: 6) == "abcdef")
        #expect(DisplayWidth.fitted("abcdef", into: 5) == "abcd…")
        #expect(DisplayWidth.fitted("深度求索", into: 4) == "深…")
        #expect(DisplayWidth.fitted("abc", into: 0) == "")
        #expect(DisplayWidth.fitted("abc", into: 1) == "…")
    }
}

@Suite("The style of the output")
struct TextStyleTests {
    private let xterm = ["TERM": "xterm-256color"]

    @Test("is coloured and measured on a terminal")
    func terminal() {
        let style = TextStyle.of(isTerminal: true, width: 120, environment: xterm)
        #expect(style == TextStyle(isColoured: true, width: 120))
    }

    @Test("is neither in a pipe")
    func pipe() {
        #expect(TextStyle.of(isTerminal: false, width: 120, environment: xterm) == TextStyle())
    }

    @Test(
        "has no colour where it is not wanted or not known",
        arguments: [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"], [:], ["TERM": ""]])
    func noColour(environment: [String: String]) {
        let style = TextStyle.of(isTerminal: true, width: 80, environment: environment)
        #expect(!style.isColoured)
        #expect(style.width == 80)
    }

    @Test("takes an empty NO_COLOR for absent, as its authors ask")
    func emptyNoColour() {
        let style = TextStyle.of(isTerminal: true, width: 80, environment: ["TERM": "xterm", "NO_COLOR": ""])
        #expect(style.isColoured)
    }

    @Test("paints nothing when it has no colour, nor empty text, nor plain text")
    func paint() {
        #expect(TextStyle().paint("x", .bad) == "x")
        let style = TextStyle(isColoured: true)
        #expect(style.paint("", .bad) == "")
        #expect(style.paint("x", .plain) == "x")
        #expect(style.paint("x", .bad) == "\u{1B}[1;31mx\u{1B}[0m")
    }
}
