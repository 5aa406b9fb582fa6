/// A condition that ends a run when it has held for a while, such as `errors.rate>20% for 10s`.
package struct AbortRule: Sendable, Equatable {
    package var condition: Threshold
    package var patience: Nanoseconds
    /// Since when it holds without a break.
    private var since: Nanoseconds?

    package init(condition: Threshold, patience: Nanoseconds) {
        self.condition = condition
        self.patience = patience
    }

    /// Reads a condition and, after `for`, how long it must hold; without it once is enough.
    package init(parsing text: String) throws(LoadError) {
        let words = text.split(separator: " ")
        guard let keyword = words.firstIndex(of: "for") else {
            self.init(condition: try Threshold(parsing: text), patience: 0)
            return
        }
        let condition = try Threshold(parsing: words[..<keyword].joined(separator: " "))
        let time = try Threshold(parsing: "ttft.mean<" + words[(keyword + 1)...].joined())
        self.init(condition: condition, patience: Nanoseconds(min(time.bound, 1e9) * 1e6))
    }

    /// Whether the run is to end, given how it stands at `time`. What is withheld ends nothing.
    package mutating func isDue(_ report: LoadReport, at time: Nanoseconds) -> Bool {
        guard condition.check(report).isMet else {
            since = nil
            return false
        }
        let start = since ?? time
        since = start
        return time - start >= patience
    }
}
