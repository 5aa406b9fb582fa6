import StokerCore
import StokerLoad
import Testing

@Suite struct TallyTests {
    @Test func `an answer is counted in the total, its part and the timeline`() {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.answer(at: 2_500 * Samples.ms))
        #expect(tally.total.scheduled == 1 && tally.total.sent == 1 && tally.total.good == 1)
        #expect(tally.total.count(.ok) == 1 && tally.total.reused == 1)
        #expect(tally.total.outputTokens == 11 && tally.total.inputTokens == 100 && tally.total.counted == 1)
        #expect(tally.parts.count == 3)
        #expect(tally.parts[2].latencies[.ttft].count == 1)
        #expect(tally.parts[2].latencies[.sendLag].isEmpty)
        #expect(tally.timeline.bins[2].ok == 1 && tally.timeline.bins[2].ttftCount == 1)
        #expect(tally.timeline.bins.reduce(0) { $0 + $1.tokens } == 11)
        #expect(tally.span.lastScheduled == 2_500 * Samples.ms)
    }

    @Test func `every measure is what its definition says`() {
        var tally = Tally(partLength: Samples.second)
        var record = Samples.answer(at: Samples.second, lag: 2 * Samples.ms, ttft: 100 * Samples.ms)
        record.firstOutput = record.firstToken + 20 * Samples.ms
        record.isReused = false
        record.connect = 3 * Samples.ms
        tally.record(record)
        let expected: [Measure: Int64] = [
            .ttft: 102, .ttftService: 100, .ttfo: 122, .ttfb: 50, .sendLag: 2, .connect: 3, .tpot: 10, .e2e: 202,
            .e2eService: 200,
        ]
        for (measure, milliseconds) in expected {
            #expect(tally.total.latencies[measure].max == milliseconds * Samples.ms, "\(measure)")
        }
        #expect(tally.total.latencies[.ntpot].max == 202 * Samples.ms / 11 / 1000 * 1000)
    }

    @Test func `the time to connect is that of new connections only`() {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.answer(at: 0))
        #expect(tally.total.latencies[.connect].isEmpty)
    }

    @Test(arguments: Outcome.allCases.filter(\.isBad))
    func `a failure is bad, is kept with its words, and has no latency`(outcome: Outcome) {
        var tally = Tally(partLength: Samples.second)
        let failed = Samples.failure(outcome, at: Samples.second)
        tally.record(failed, sample: "first")
        tally.record(Samples.failure(outcome, at: 3 * Samples.second), sample: "second")
        #expect(tally.total.bad == 2 && tally.total.good == 0)
        #expect(tally.total.latencies[.e2e].isEmpty)
        #expect(tally.errors[outcome]?.count == 2)
        #expect(tally.errors[outcome]?.sample == "first")
        #expect(tally.errors[outcome]?.first == max(failed.end, failed.scheduled))
        #expect(tally.total.sent == (outcome == .dropped ? 0 : 2))
    }

    @Test func `a sample is bounded, and cut between characters`() {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.failure(.serverError, at: 0), sample: String(repeating: "ä", count: 5000))
        let sample = tally.errors[.serverError]?.sample ?? ""
        #expect(sample.utf8.count <= Tally.sampleLimit + 3 && sample.hasPrefix("ää"))
    }

    @Test func `what the run's end cut is neither good nor bad, and its age is kept`() {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.failure(.censored, at: 0))
        #expect(tally.total.bad == 0 && tally.total.good == 0 && tally.errors.isEmpty)
        #expect(tally.total.censoredAges.max == 5_100_000)
    }

    @Test func `stamps that contradict each other are the generator's error`() {
        var tally = Tally(partLength: Samples.second)
        var record = Samples.answer(at: Samples.second)
        record.firstToken = record.lastToken + 1
        tally.record(record)
        #expect(tally.total.count(.measurementError) == 1 && tally.total.count(.ok) == 0)
        #expect(tally.client.measurementErrors == 1)
        #expect(tally.total.latencies[.ttft].isEmpty)
    }

    @Test func `the warm-up is counted apart`() {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.answer(at: 0), isWarmUp: true)
        tally.record(Samples.failure(.serverError, at: 0), isWarmUp: true)
        #expect(tally.warmUp.scheduled == 2 && tally.warmUp.bad == 1)
        #expect(tally.total.scheduled == 0 && tally.parts.isEmpty && tally.errors.isEmpty)
        #expect(tally.timeline.bins[0].ok == 1)
    }

    struct Case: Sendable {
        var objective: Objective
        var isGood: Bool
    }

    @Test(arguments: [
        Case(objective: Objective(), isGood: true),
        Case(objective: Objective(ttft: 60 * Samples.ms), isGood: true),
        Case(objective: Objective(ttft: 40 * Samples.ms), isGood: false),
        Case(objective: Objective(ttft: 60 * Samples.ms, tpot: 9 * Samples.ms), isGood: false),
        Case(objective: Objective(tpot: 10 * Samples.ms, e2e: Samples.second), isGood: true),
        Case(objective: Objective(e2e: 100 * Samples.ms), isGood: false),
    ])
    func `a good answer keeps every bound`(example: Case) {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.answer(at: 0), objective: example.objective)
        #expect(tally.total.good == (example.isGood ? 1 : 0))
    }

    @Test func `a bound on a value that cannot exist is counted and not held against the answer`() {
        var tally = Tally(partLength: Samples.second)
        tally.record(Samples.answer(at: 0, tokens: 1), objective: Objective(tpot: 1))
        #expect(tally.total.good == 1)
        #expect(tally.total.bounds.tpot.undefined == 1 && tally.total.bounds.tpot.missed == 0)
    }

    @Test func `without the server's count an event is a token`() {
        var tally = Tally(partLength: Samples.second)
        var record = Samples.answer(at: 0)
        record.outputTokens = nil
        tally.record(record)
        #expect(tally.total.outputTokens == 11 && tally.total.counted == 0)
    }

    @Test func `gaps are pooled, and kept by part and bin`() {
        var tally = Tally(partLength: Samples.second)
        tally.recordGap(at: 100, length: 10 * Samples.ms)
        tally.recordGap(at: 1_500 * Samples.ms, length: 30 * Samples.ms)
        #expect(tally.total.latencies[.icl].count == 2)
        #expect(tally.parts.map { $0.latencies[.icl].count } == [1, 1])
        #expect(tally.timeline.bins.map(\.gapMean) == [10, 30])
    }

    @Test func `parts become coarser when there are too many, and lose nothing`() {
        var tally = Tally(partLength: Samples.second)
        for second in 0..<200 { tally.record(Samples.answer(at: Int64(second) * Samples.second)) }
        #expect(tally.parts.count <= Tally.maxParts)
        #expect(tally.partLength == 8 * Samples.second)
        #expect(tally.parts.reduce(0) { $0 + $1.scheduled } == 200)
        var sum = LatencyHistogram()
        for part in tally.parts { sum.add(part.latencies[.ttft]) }
        #expect(sum == tally.total.latencies[.ttft])
    }

    @Test(arguments: [2, 3, 7])
    func `several tallies merged are the tally of one`(shards: Int) {
        let whole = Samples.tally(requests: 600)
        var pieces = (0..<shards).map { _ in Tally(partLength: whole.partLength) }
        var generator = SeededGenerator(seed: 1)
        for number in 0..<600 {
            let record = Samples.answer(
                at: Int64(number) * Samples.second / 10,
                ttft: 25 * Samples.ms + Int64(50e6 * generator.fraction()),
                gap: 8 * Samples.ms + Int64(4e6 * generator.fraction()))
            Samples.add(record, to: &pieces[number % shards])
        }
        var merged = pieces[0]
        for piece in pieces.dropFirst() { merged.merge(piece) }
        merged.client = whole.client
        #expect(merged == whole)
    }

    @Test func `loops whose parts became coarser at other times merge`() {
        var short = Tally(partLength: Samples.second)
        short.record(Samples.answer(at: 3 * Samples.second))
        var long = Tally(partLength: Samples.second)
        long.record(Samples.answer(at: 100 * Samples.second))
        var merged = short
        merged.merge(long)
        var other = long
        other.merge(short)
        #expect(merged.partLength == 4 * Samples.second && merged.parts.count == other.parts.count)
        #expect(merged.parts.map(\.scheduled).filter { $0 > 0 } == [1, 1])
    }

    @Test func `merged errors keep the earliest words`() {
        var left = Tally(partLength: Samples.second)
        left.record(Samples.failure(.reset, at: 5 * Samples.second), sample: "late")
        var right = Tally(partLength: Samples.second)
        right.record(Samples.failure(.reset, at: Samples.second), sample: "early")
        left.merge(right)
        #expect(left.errors[.reset]?.sample == "early")
        #expect(left.errors[.reset]?.count == 2)
        #expect(left.errors[.reset]?.last ?? 0 > 5 * Samples.second)
    }

    @Test func `what loops noticed of themselves adds up where it is an amount`() {
        var left = Tally(partLength: 1)
        var right = Tally(partLength: 1)
        left.client.wall = 5
        right.client.wall = 7
        left.client.connections = 2
        right.client.connections = 3
        right.client.busiestLoop = 0.5
        left.client.descriptorLimit = 0
        right.client.descriptorLimit = 64
        left.merge(right)
        #expect(left.client.wall == 7 && left.client.connections == 5)
        #expect(left.client.busiestLoop == 0.5 && left.client.descriptorLimit == 64)
    }

    @Test func `two loops' histograms stay within 20 MiB`() {
        var generator = SeededGenerator(seed: 9)
        var bytes = 0
        for _ in 0..<2 {
            var tally = Tally(partLength: Samples.second)
            for number in 0..<3200 {
                // Three powers of ten, wider than any server's latencies.
                let ttft = Int64(20e6 * Double.exp10(3 * generator.fraction()))
                Samples.add(
                    Samples.answer(at: Int64(number) * Samples.second / 100, ttft: ttft, tokens: 20), to: &tally)
            }
            bytes += tally.footprint
        }
        #expect(bytes < 20 << 20)
    }
}

extension Double {
    fileprivate static func exp10(_ power: Double) -> Double {
        var result = 1.0
        var rest = power
        while rest >= 1 {
            result *= 10
            rest -= 1
        }
        return result * (1 + 9 * rest * rest)
    }
}
