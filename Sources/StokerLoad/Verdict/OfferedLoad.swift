/// What the plan wanted and what was sent, a second; equal when the generator kept up.
package struct OfferedLoad: Sendable, Equatable {
    package var target: Double
    package var achieved: Double

    package init(_ tally: Tally, _ plan: PlanFacts, _ window: MeasuredWindow, _ ending: RunFacts.Ending) {
        let scheduled = Double(tally.total.scheduled)
        var length = Double(window.end - window.start)
        if plan.duration == nil || plan.requests != nil || ending != .complete {
            // The plan ends with its last arrival, and the gap after that belongs to it.
            let between = Double(tally.span.lastScheduled - window.start)
            length = max(1, between + between / max(1, scheduled - 1))
        }
        target = scheduled / length * 1e9
        achieved = Double(tally.total.sent) / max(length, Double(tally.span.lastSent - window.start)) * 1e9
    }

    /// 0 to 1.
    package var ratio: Double { target > 0 ? achieved / target : 1 }
}
