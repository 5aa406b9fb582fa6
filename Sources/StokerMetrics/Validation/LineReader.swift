/// Why a line cannot be read.
struct LineFault: Error, Equatable {
    var message: String
}

/// Reads one line of either format, strictly; scrapers forgive different things, so nothing is forgiven here.
struct LineReader {
    private let bytes: [UInt8]
    private var position = 0

    /// Reads a line without its line feed.
    static func read(_ line: [UInt8]) throws(LineFault) -> ExpositionLine {
        if line.isEmpty { return .blank }
        var reader = LineReader(bytes: line)
        return line.first == UInt8(ascii: "#") ? try reader.comment() : .sample(try reader.sample())
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func comment() throws(LineFault) -> ExpositionLine {
        if bytes.elementsEqual("# EOF".utf8) { return .end }
        _ = word()
        let keyword = word()
        guard ["HELP", "TYPE", "UNIT"].contains(keyword) else { return .comment }
        let name = word()
        guard MetricName.isForeignIdentifier(name) else { throw LineFault(message: "\(keyword) without a metric name") }
        let rest = token { _ in true }
        switch keyword {
        case "TYPE": return .type(family: name, kind: rest)
        case "UNIT": return .unit(family: name, unit: rest)
        default: return .help(family: name, text: rest)
        }
    }

    /// What stands before the next space, which is left behind.
    ///
    /// By bytes: to Swift, a space with an accent behind it is another character than a space.
    private mutating func word() -> String {
        let word = token { $0 != UInt8(ascii: " ") }
        if next != nil { position += 1 }
        return word
    }

    private mutating func sample() throws(LineFault) -> ExpositionLine.Sample {
        let name = token { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: " ") }
        guard MetricName.isForeignIdentifier(name) else { throw LineFault(message: "\(name) is not a metric name") }
        let labels = try next == UInt8(ascii: "{") ? labelSet() : []
        try expect(" ", "a space before the value")
        let text = token { $0 != UInt8(ascii: " ") }
        guard let value = Self.number(text) else { throw LineFault(message: "\(text) is not a number") }
        var sample = ExpositionLine.Sample(name: name, labels: labels, value: value, valueText: text)
        if next != nil { try tail(of: &sample) }
        return sample
    }

    /// What may stand behind the value: a timestamp, an exemplar, both.
    private mutating func tail(of sample: inout ExpositionLine.Sample) throws(LineFault) {
        try expect(" ", "a space behind the value")
        if next != UInt8(ascii: "#") {
            let text = token { $0 != UInt8(ascii: " ") }
            guard Self.number(text) != nil else { throw LineFault(message: "\(text) is not a timestamp") }
            sample.hasTimestamp = true
            guard next != nil else { return }
            try expect(" ", "a space behind the timestamp")
        }
        try expect("#", "an exemplar")
        try expect(" ", "a space in the exemplar")
        guard next == UInt8(ascii: "{") else { throw LineFault(message: "an exemplar has labels") }
        let labels = try labelSet()
        try expect(" ", "a space before the exemplar's value")
        let text = token { $0 != UInt8(ascii: " ") }
        guard let value = Self.number(text) else { throw LineFault(message: "\(text) is not an exemplar's value") }
        sample.exemplar = ExpositionLine.ExemplarText(labels: labels, value: value)
        guard next != nil else { return }
        try expect(" ", "a space before the exemplar's timestamp")
        guard Self.number(token { _ in true }) != nil else { throw LineFault(message: "not an exemplar's timestamp") }
    }

    private mutating func labelSet() throws(LineFault) -> [ExpositionLine.Label] {
        try expect("{", "labels")
        var labels: [ExpositionLine.Label] = []
        while next != UInt8(ascii: "}") {
            if !labels.isEmpty { try expect(",", "a comma between labels") }
            let name = token { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "}") }
            guard MetricName.isIdentifier(name) else { throw LineFault(message: "\(name) is not a label name") }
            try expect("=", "= behind the label name")
            labels.append(.init(name: name, value: try quoted()))
        }
        try expect("}", "the end of the labels")
        return labels
    }

    private mutating func quoted() throws(LineFault) -> String {
        try expect("\"", "a quote before the label value")
        var value: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            position += 1
            if byte != UInt8(ascii: "\\") {
                value.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "\\"): value.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "\""): value.append(UInt8(ascii: "\""))
            default: throw LineFault(message: "a backslash that escapes nothing")
            }
            position += 1
        }
        try expect("\"", "a quote behind the label value")
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func token(while isPart: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = next, isPart(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws(LineFault) {
        guard next == UInt8(ascii: character) else { throw LineFault(message: "expected \(what)") }
        position += 1
    }

    /// A number as both formats write it; Swift's own reader would also take `infinity`, `0x1p3` and `nan(7)`.
    static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf", "Inf": return .infinity
        case "-Inf": return -.infinity
        case "NaN": return .nan
        default:
            let isPlain = text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0)
            }
            return isPlain ? Double(text) : nil
        }
    }
}

extension MetricName {
    /// Whether this may name a metric of anybody: engines such as vLLM put colons into their names.
    static func isForeignIdentifier(_ text: String) -> Bool {
        isIdentifier(String(text.map { $0 == ":" ? "_" : $0 }))
    }
}
