/// Whether something between the model and the client holds tokens back: a proxy that buffers, a gateway that waits.
///
/// Buffering makes the time per token look better than it is and the first token worse, and nobody sees why.
enum Buffering {
    /// Fewer events say nothing.
    static let fewestEvents = 100

    /// What is seen, in words; nil: nothing.
    static func words(_ total: Tally.Part) -> String? {
        guard total.tokenEvents >= fewestEvents else { return nil }
        let share = Double(total.coalescedEvents) / Double(total.tokenEvents)
        if share > 0.2 {
            return "\(Figure.percent(share)) of events came in one read with the one before: something between you and "
                + "the model holds tokens back (a proxy that buffers?), or the engine sends several at a time"
        }
        guard let first = total.latencies[.ttft].quantile(0.5), let last = total.latencies[.e2e].quantile(0.5),
            total.outputTokens >= 16 * max(1, total.count(.ok)), last - first < last / 20
        else { return nil }
        return "answers come nearly whole: the median first token takes \(Figure.time(first)) of \(Figure.time(last)); "
            + "something between you and the model waits for the end of the answer"
    }
}
