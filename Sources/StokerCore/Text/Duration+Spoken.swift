extension Duration {
    /// The duration as a person says it, to two or three digits: `12 ms`, `1.6 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4
    /// h`.
    package var spoken: String {
        let total = milliseconds
        switch total {
        case ..<0: return "0 ms"
        case ..<1000: return "\(total) ms"
        case ..<60_000:
            let tenths = total / 100
            return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        case ..<3_600_000: return Self.pair(total / 1000, "min", 60, "s")
        case ..<86_400_000: return Self.pair(total / 60_000, "h", 60, "min")
        default: return Self.pair(total / 3_600_000, "d", 24, "h")
        }
    }

    private static func pair(_ count: Int64, _ large: String, _ ratio: Int64, _ small: String) -> String {
        let rest = count % ratio
        return rest == 0 ? "\(count / ratio) \(large)" : "\(count / ratio) \(large) \(rest) \(small)"
    }
}
