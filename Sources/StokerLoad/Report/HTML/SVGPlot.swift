/// A plot with two axes, built up mark by mark; the result is SVG that needs neither library nor script.
struct SVGPlot {
    static let width = 640.0
    private static let margins = (left: 56.0, right: 12.0, top: 10.0, bottom: 30.0)

    private let height: Double
    private let title: String
    private let description: String
    private(set) var x: Axis
    private(set) var y: Axis
    private var marks: [String] = []
    private var behind: [String] = []

    /// - Parameters:
    ///   - title: what it shows, for those who hear it.
    ///   - description: what is to be seen in it.
    init(
        _ title: String, _ description: String, x: (Axis.Scale, ClosedRange<Double>),
        y: (Axis.Scale, ClosedRange<Double>),
        height: Double = 220
    ) {
        self.title = title
        self.description = description
        self.height = height
        self.x = Axis(x.0, x.1, from: Self.margins.left, to: Self.width - Self.margins.right)
        self.y = Axis(y.0, y.1, from: height - Self.margins.bottom, to: Self.margins.top)
    }

    // MARK: Marks

    /// A line through the points.
    mutating func line(_ points: [(Double, Double)], _ kind: String) {
        guard points.count > 1 else { return }
        let path = points.map { "\(Self.number(x.place($0.0))) \(Self.number(y.place($0.1)))" }
        marks.append("<path class=\"line \(kind)\" d=\"M\(path.joined(separator: "L"))\"/>")
    }

    /// A line of level steps, each as wide as a bin.
    mutating func steps(_ values: [Double], width: Double, _ kind: String) {
        guard !values.isEmpty else { return }
        var path = ""
        for (index, value) in values.enumerated() {
            path +=
                "\(index == 0 ? "M" : "L")\(Self.number(x.place(Double(index) * width))) \(Self.number(y.place(value)))"
            path += "H\(Self.number(x.place(Double(index + 1) * width)))"
        }
        marks.append("<path class=\"line \(kind)\" d=\"\(path)\"/>")
    }

    /// Columns from the axis up.
    mutating func columns(_ values: [Double], width: Double, _ kind: String) {
        for (index, value) in values.enumerated() where value > 0 {
            box(Double(index) * width...Double(index + 1) * width, 0...value, kind)
        }
    }

    /// A filled box between values.
    mutating func box(
        _ xs: ClosedRange<Double>, _ ys: ClosedRange<Double>, _ kind: String, title: String = "", opacity: Double? = nil
    ) {
        marks.append(rectangle(xs, ys, kind, title: title, opacity: opacity))
    }

    /// A shaded stretch behind everything else, with a word at its top.
    mutating func shade(_ xs: ClosedRange<Double>, _ kind: String, word: String) {
        guard xs.upperBound > xs.lowerBound else { return }
        behind.append(rectangle(xs, y.from...y.to, kind, title: word, opacity: nil))
        behind.append(text(word, x.place(xs.lowerBound) + 4, y.end + 11, "note"))
    }

    /// A dot with a word beside it.
    mutating func dot(_ point: (Double, Double), _ kind: String, title: String) {
        let place = "cx=\"\(Self.number(x.place(point.0)))\" cy=\"\(Self.number(y.place(point.1)))\""
        marks.append(
            "<circle class=\"dot \(kind)\" \(place) r=\"4\"><title>\(HTMLText.escaped(title))</title></circle>")
    }

    /// A line across the plot at a value, with a word.
    mutating func bar(at value: Double, _ kind: String, word: String) {
        guard value >= y.from, value <= y.to else { return }
        let place = Self.number(y.place(value))
        behind.append("<path class=\"line \(kind)\" d=\"M\(Self.number(x.start)) \(place)H\(Self.number(x.end))\"/>")
        behind.append(text(word, x.end - 3, y.place(value) - 3, "note end"))
    }

    /// A word at the end of a line: plots are read without a legend.
    mutating func word(_ word: String, at point: (Double, Double), _ kind: String, above: Bool = true) {
        let place = x.place(point.0)
        let isRight = place > (x.start + x.end) / 2
        marks.append(
            text(
                word, place + (isRight ? -4 : 4), y.place(point.1) + (above ? -6 : 13),
                "word \(kind)\(isRight ? " end" : "")"))
    }

    // MARK: The whole

    /// - Parameters:
    ///   - xLabel: turns a value into a tick's label.
    ///   - unit: stands at the top of the vertical axis.
    func render(xLabel: (Double) -> String, yLabel: (Double) -> String, unit: String) -> String {
        var lines = behind
        for tick in y.ticks {
            let place = y.place(tick)
            lines.append(
                "<path class=\"grid\" d=\"M\(Self.number(x.start)) \(Self.number(place))H\(Self.number(x.end))\"/>")
            lines.append(text(yLabel(tick), x.start - 6, place + 3.5, "tick end"))
        }
        for tick in x.ticks {
            let place = x.place(tick)
            lines.append(
                "<path class=\"grid\" d=\"M\(Self.number(place)) \(Self.number(y.start))v4\"/>")
            lines.append(text(xLabel(tick), place, y.start + 16, place > x.end - 12 ? "tick end" : "tick middle"))
        }
        lines.append(
            "<path class=\"base\" d=\"M\(Self.number(x.start)) \(Self.number(y.start))H\(Self.number(x.end))\"/>")
        lines += marks
        lines.append(text(unit, 2, height - 4, "tick"))
        return "<svg viewBox=\"0 0 \(Self.number(Self.width)) \(Self.number(height))\" role=\"img\">"
            + "<title>\(HTMLText.escaped(title))</title><desc>\(HTMLText.escaped(description))</desc>"
            + lines.joined(separator: "\n") + "</svg>"
    }

    private func rectangle(
        _ xs: ClosedRange<Double>, _ ys: ClosedRange<Double>, _ kind: String, title: String, opacity: Double?
    ) -> String {
        let (left, right) = (x.place(xs.lowerBound), x.place(xs.upperBound))
        let (bottom, top) = (y.place(ys.lowerBound), y.place(ys.upperBound))
        let shade = opacity.map { " fill-opacity=\"\(Figure.plain($0, 2))\"" } ?? ""
        let inner = title.isEmpty ? "/>" : "><title>\(HTMLText.escaped(title))</title></rect>"
        return "<rect class=\"\(kind)\" x=\"\(Self.number(left))\" y=\"\(Self.number(top))\" "
            + "width=\"\(Self.number(max(0.6, right - left)))\" height=\"\(Self.number(max(0.6, bottom - top)))\"\(shade)\(inner)"
    }

    private func text(_ text: String, _ left: Double, _ top: Double, _ kind: String) -> String {
        "<text class=\"\(kind)\" x=\"\(Self.number(left))\" y=\"\(Self.number(top))\">\(HTMLText.escaped(text))</text>"
    }

    private static func number(_ value: Double) -> String { Figure.plain(value, 1) }
}
