internal import StokerCore

/// A stretch of a trace, from its first request on.
package struct TimeWindow: Sendable, Equatable {
    package var start: Nanoseconds
    /// Exclusive; nil: to the end.
    package var end: Nanoseconds?

    package init(start: Nanoseconds = 0, end: Nanoseconds? = nil) {
        self.start = start
        self.end = end
    }

    /// Reads `10s:5m`; either side may be missing: `:5m`, `10s:`.
    package init(text: String, flag: String) throws(LoadError) {
        let typed = Typed(flag: flag, text: text)
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw typed.refused("is no window (from:to)", try: "0s:5m") }
        let start = parts[0].isEmpty ? Duration.zero : Duration(text: parts[0])
        let end = parts[1].isEmpty ? nil : Duration(text: parts[1])
        guard let start, parts[1].isEmpty || end != nil else {
            throw typed.refused("is no window (from:to)", try: "0s:5m")
        }
        if let end, end <= start { throw typed.refused("ends before it begins", try: "0s:5m") }
        self.init(start: start.nanoseconds, end: end?.nanoseconds)
    }

    package func contains(_ time: Nanoseconds) -> Bool { time >= start && time < end ?? .max }
}
