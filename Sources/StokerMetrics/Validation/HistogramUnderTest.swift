/// One histogram while the validator reads it.
struct HistogramUnderTest {
    let labels: [ExpositionLine.Label]
    private var lastEdge: Double?
    private var lastCount: Double?
    private var infinite: Double?
    private var sum: Double?
    private var count: Double?

    init(labels: [ExpositionLine.Label]) { self.labels = labels }

    /// Takes in the sample with this suffix; returns what is wrong with it.
    mutating func take(_ part: String, _ sample: ExpositionLine.Sample, isOurs: Bool) -> [String] {
        switch part {
        case "_bucket": return takeBucket(sample, isOurs: isOurs)
        case "_sum":
            sum = sample.value
            // A sum of negative observations may be negative in other programs; ours refuses those.
            let isSound = sample.value.isFinite && (sample.value >= 0 || !isOurs)
            return isSound ? [] : ["the sum is \(sample.valueText)"]
        case "_count":
            count = sample.value
            return Self.isCount(sample.value) ? [] : ["the count is \(sample.valueText)"]
        default:
            return []
        }
    }

    private mutating func takeBucket(_ sample: ExpositionLine.Sample, isOurs: Bool) -> [String] {
        guard let text = sample.label("le"), let edge = LineReader.number(text), !edge.isNaN else {
            return ["a bucket without a le that is a number"]
        }
        var faults: [String] = []
        if isOurs && NumberText.edge(edge) != text { faults.append("le \(text) is not canonical") }
        if let lastEdge, edge <= lastEdge { faults.append("le \(text) does not ascend") }
        if !Self.isCount(sample.value) { faults.append("bucket \(text) holds \(sample.valueText)") }
        if let lastCount, sample.value < lastCount { faults.append("bucket \(text) holds fewer than the one before") }
        lastEdge = edge
        lastCount = sample.value
        if edge == .infinity { infinite = sample.value }
        return faults
    }

    /// What shows only when all lines are read.
    func finish() -> [String] {
        var faults: [String] = []
        if infinite == nil { faults.append("no bucket +Inf") }
        if count == nil { faults.append("no count") }
        if sum == nil { faults.append("no sum") }
        if let infinite, let count, infinite != count { faults.append("+Inf holds \(infinite), count is \(count)") }
        return faults
    }

    private static func isCount(_ value: Double) -> Bool { value >= 0 && value.rounded() == value && value.isFinite }
}
