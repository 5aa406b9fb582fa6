import StokerLoad

/// The largest distance between what was drawn and what the law says (Kolmogorov and Smirnov).
func distance(of values: [Double], from law: (Double) -> Double) -> Double {
    let sorted = values.sorted()
    let count = Double(sorted.count)
    return sorted.indices.reduce(0) { worst, index in
        let expected = law(sorted[index])
        return max(worst, expected - Double(index) / count, Double(index + 1) / count - expected)
    }
}

/// Beyond it the law is refused at the 1 % level.
func criticalDistance(_ count: Int) -> Double { 1.63 / Double(count).squareRoot() }

/// Gaps between neighbours, in seconds.
func gaps(_ times: [Nanoseconds]) -> [Double] { zip(times, times.dropFirst()).map { Double($1 - $0) / 1e9 } }

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

func variance(_ values: [Double]) -> Double {
    let middle = mean(values)
    return values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(values.count)
}

extension ArrivalSchedule {
    /// Its next so many times, fewer when it ends.
    mutating func take(_ count: Int) -> [Nanoseconds] {
        var times: [Nanoseconds] = []
        while times.count < count, let time = next() { times.append(time) }
        return times
    }

    /// Its times up to one.
    mutating func take(until end: Nanoseconds) -> [Nanoseconds] {
        var times: [Nanoseconds] = []
        while let time = next(), time <= end { times.append(time) }
        return times
    }
}

let second: Nanoseconds = 1_000_000_000
