/// What a level must keep to count as taken.
package struct SweepObjective: Sendable, Equatable, Codable {
    /// What a bound is about.
    package enum Quantity: String, Sendable, CaseIterable, Codable {
        case ttftP50 = "ttft p50"
        case ttftP99 = "ttft p99"
        case tpotP50 = "tpot p50"
        case tpotP99 = "tpot p99"
        case e2eP50 = "e2e p50"
        case e2eP99 = "e2e p99"
        case errorRate = "error rate"
    }

    /// One bound: milliseconds for times, 0 to 1 for rates.
    package struct Bound: Sendable, Equatable, Codable {
        package var quantity: Quantity
        package var atMost: Double

        package init(_ quantity: Quantity, atMost: Double) {
            self.quantity = quantity
            self.atMost = atMost
        }
    }

    package var bounds: [Bound]

    package init(bounds: [Bound]) { self.bounds = bounds }

    /// The bounds of single requests, each to be kept by 99 of 100 (as MLPerf has it), and a bound for errors.
    package init(_ objective: Objective, errorRate: Double = 0.01) {
        let times: [(Quantity, Nanoseconds?)] = [
            (.ttftP99, objective.ttft), (.tpotP99, objective.tpot), (.e2eP99, objective.e2e),
        ]
        bounds = times.compactMap { quantity, time in time.map { Bound(quantity, atMost: Double($0) / 1e6) } }
        bounds.append(Bound(.errorRate, atMost: errorRate))
    }

    /// Whether it bounds a latency; an error rate alone says nothing about how slow is too slow.
    package var boundsTime: Bool { bounds.contains { $0.quantity != .errorRate } }

    /// The words of a bound: `ttft p99 <= 2 s`.
    package var text: String { bounds.map(\.text).joined(separator: " and ") }

    /// How a level stands to the bounds: the first that is broken or cannot be told, nil when all are kept.
    package func complaint(about point: SweepPoint) -> Complaint? {
        for bound in bounds {
            guard let value = point[bound.quantity] else { return .unknown(bound) }
            if value > bound.atMost { return .broken(bound, value) }
        }
        return nil
    }

    /// Why a level is not taken.
    package enum Complaint: Sendable, Equatable {
        case broken(Bound, Double)
        /// Too few requests for that percentile.
        case unknown(Bound)
    }
}

extension SweepObjective.Bound {
    package var text: String { "\(quantity.rawValue) <= \(SweepText.quantity(atMost, quantity))" }
}

extension SweepPoint {
    /// Its value of what a bound is about; nil: too few requests to say.
    package subscript(quantity: SweepObjective.Quantity) -> Double? {
        switch quantity {
        case .ttftP50: ttftP50
        case .ttftP99: ttftP99
        case .tpotP50: tpotP50
        case .tpotP99: tpotP99
        case .e2eP50: e2eP50
        case .e2eP99: e2eP99
        case .errorRate: errorRate
        }
    }
}
