extension LengthDistribution {
    /// Reads `512`, `uniform:100-900`, `normal:512,128` or `lognormal:512,300` (mean and deviation).
    package init(text: String, flag: String) throws(LoadError) {
        let typed = Typed(flag: flag, text: text)
        let (kind, fields) = typed.fields(text.hasPrefix("uniform") ? "-" : ",")
        let example = "512, or uniform:100-900, normal:512,128, lognormal:512,300"
        switch (kind, fields.count) {
        case ("", 1):
            guard let value = Int(plain: fields[0]) else { throw typed.refused("is no length", try: example) }
            try Self.check(Double(value), typed)
            self = .constant(value)
        case ("uniform", 2):
            guard let low = Int(plain: fields[0]), let high = Int(plain: fields[1]), low <= high else {
                throw typed.refused("is no range of two whole numbers, the smaller first", try: "uniform:100-900")
            }
            try Self.check(Double(low), typed)
            try Self.check(Double(high), typed)
            self = .uniform(low...high)
        case ("normal", 2), ("lognormal", 2):
            guard let mean = Double(plain: fields[0]), let deviation = Double(plain: fields[1]) else {
                throw typed.refused("is no mean and deviation", try: "\(kind):512,128")
            }
            try Self.check(mean, typed)
            try Self.check(max(1, deviation), typed)
            self =
                kind == "normal"
                ? .normal(mean: mean, deviation: deviation) : .lognormal(mean: mean, deviation: deviation)
        default: throw typed.refused("is no length", try: example)
        }
    }

    private static func check(_ value: Double, _ typed: Typed) throws(LoadError) {
        guard 1...Double(longest) ~= value else {
            throw typed.refused("is out of range: 1 to \(longest)", try: "512")
        }
    }

    /// The shortest text that reads back as the same.
    package var text: String {
        switch self {
        case .constant(let value): "\(value)"
        case .uniform(let range): "uniform:\(range.lowerBound)-\(range.upperBound)"
        case .normal(let mean, let deviation): "normal:\(plain(mean)),\(plain(deviation))"
        case .lognormal(let mean, let deviation): "lognormal:\(plain(mean)),\(plain(deviation))"
        }
    }
}

/// Without the `.0` of whole numbers.
private func plain(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
}
