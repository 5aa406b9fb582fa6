internal import StokerCore

extension TimeDistribution {
    /// Reads `5s`, `exp:5s` (exponential with that mean) or `uniform:1s-9s`.
    package init(text: String, flag: String) throws(LoadError) {
        let typed = Typed(flag: flag, text: text)
        let (kind, fields) = typed.fields("-")
        let times = fields.compactMap { Duration(text: $0)?.nanoseconds }
        guard times.count == fields.count else { throw Self.refused(typed) }
        switch (kind, times.count) {
        case ("", 1): self = .constant(times[0])
        case ("exp", 1), ("exponential", 1): self = .exponential(mean: times[0])
        case ("uniform", 2) where times[0] <= times[1]: self = .uniform(times[0]...times[1])
        default: throw Self.refused(typed)
        }
    }

    private static func refused(_ typed: Typed) -> LoadError {
        typed.refused("is no time", try: "5s, or exp:5s, uniform:1s-9s; units are ms, s, m, h")
    }

    /// The shortest text that reads back as the same whole milliseconds.
    package var text: String {
        switch self {
        case .constant(let value): Self.text(value)
        case .exponential(let mean): "exp:\(Self.text(mean))"
        case .uniform(let range): "uniform:\(Self.text(range.lowerBound))-\(Self.text(range.upperBound))"
        }
    }

    private static func text(_ value: Nanoseconds) -> String { Duration.nanoseconds(value).text }
}
