/// The stretch of a run that is measured: from the end of the warm-up to the end of the plan, or of what there was.
package struct MeasuredWindow: Sendable, Codable, Equatable {
    package var start: Nanoseconds
    package var end: Nanoseconds
    /// When the last measured answer ended, which may be later: answers that are under way at the end are waited for.
    package var lastEnd: Nanoseconds

    package init(_ tally: Tally, _ plan: PlanFacts, _ ending: RunFacts.Ending) {
        start = plan.warmUp
        lastEnd = tally.span.lastEnd
        if let duration = plan.duration, ending == .complete, plan.requests == nil || tally.span.lastEnd >= duration {
            end = duration
        } else {
            end = max(tally.span.lastEnd, tally.span.lastScheduled)
        }
        end = max(end, start + 1)
    }

    /// In seconds.
    package var length: Double { Double(end - start) / 1e9 }

    /// The sum over the timeline's bins, each by how much of it lies in the window.
    func sum(_ timeline: Timeline, _ value: (Timeline.Bin) -> Int) -> Double {
        // Where nothing came after the window, its last bin counts whole though the window ends within.
        let end = lastEnd <= end ? Int64.max : self.end
        return timeline.bins.enumerated().reduce(0) { sum, entry in
            let from = Int64(entry.offset) * timeline.binLength
            let overlap = min(end, from + timeline.binLength) - max(start, from)
            guard overlap > 0 else { return sum }
            return sum + Double(value(entry.element)) * Double(overlap) / Double(timeline.binLength)
        }
    }
}
