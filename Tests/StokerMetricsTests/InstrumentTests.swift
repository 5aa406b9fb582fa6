import StokerMetrics
import Testing

@Suite("What instruments take in")
struct InstrumentTests {
    @Test("A counter adds whole and broken amounts")
    func counterAdds() throws {
        let counter = try stillRegistry().counter("stoker_things_total", help: "Things.").with()
        counter.increment()
        counter.increment(by: 41)
        counter.increment(by: 0.25)
        #expect(counter.value == 42.25)
    }

    @Test("A counter keeps whole counts exact beyond what repeated addition of doubles could")
    func counterIsExact() throws {
        let counter = try stillRegistry().counter("stoker_things_total", help: "Things.").with()
        counter.increment(by: 1 << 52)
        for _ in 0..<1000 { counter.increment() }
        #expect(counter.value == 4_503_599_627_371_496)
    }

    @Test(
        "A counter refuses what would make it fall or spoil it, and says how often",
        arguments: [-1, -0.5, .nan, .infinity, -.infinity] as [Double])
    func counterRefuses(amount: Double) throws {
        let registry = stillRegistry()
        let counter = try registry.counter("stoker_things_total", help: "Things.").with()
        counter.increment(by: amount)
        counter.increment(by: -3)
        #expect(counter.value == 0)
        #expect(
            registry.lines("stoker_metrics_observations_dropped_total") == [
                "stoker_metrics_observations_dropped_total{component=\"test\",metric=\"stoker_things_total\"} 2"
            ])
    }

    @Test("A gauge goes up, down and to anywhere")
    func gaugeMoves() throws {
        let gauge = try stillRegistry().gauge("stoker_level", help: "Level.").with()
        gauge.set(4)
        gauge.add(-1.5)
        #expect(gauge.value == 2.5)
        gauge.set(true)
        #expect(gauge.value == 1)
        gauge.set(.infinity)
        #expect(gauge.value == .infinity)
    }

    @Test("An observation on an edge belongs to the bucket of that edge")
    func edgesAreInclusive() throws {
        let histogram = try stillRegistry().histogram("stoker_t_seconds", help: "T.", buckets: Buckets([1, 2, 5]))
            .with()
        for value in [0, 1, 1.000001, 2, 4.9, 5, 5.1, 1e12] { histogram.observe(value) }
        guard case .histogram(let distribution) = histogram.reading() else { return #expect(Bool(false)) }
        #expect(distribution.counts == [2, 2, 2, 2])
        #expect(distribution.count == 8)
    }

    @Test("Every value falls into exactly the first bucket that holds it", arguments: [1, 2, 3, 12, 23, 24])
    func bucketsAgreeWithScan(edgeCount: Int) throws {
        var random = SystemRandomNumberGenerator()
        let edges = (1...edgeCount).map { Double($0) * 0.7 }
        for _ in 0..<200 {
            let histogram = try stillRegistry().histogram("stoker_t_seconds", help: "T.", buckets: Buckets(edges))
                .with()
            let value = Double.random(in: 0...20, using: &random)
            histogram.observe(value)
            guard case .histogram(let distribution) = histogram.reading() else { return #expect(Bool(false)) }
            let expected = edges.firstIndex { value <= $0 } ?? edges.count
            #expect(distribution.counts.firstIndex(of: 1) == expected, "\(value) among \(edges)")
        }
    }

    @Test(
        "A histogram refuses what would poison its sum, and counts it",
        arguments: [-1, .nan, .infinity, -.infinity] as [Double])
    func histogramRefuses(value: Double) throws {
        let registry = stillRegistry()
        let histogram = try registry.histogram("stoker_t_seconds", help: "T.", buckets: .fast).with()
        histogram.observe(value)
        histogram.observe(value, exemplar: .request("a"))
        histogram.observe(1)
        #expect(registry.lines("stoker_t_seconds_count") == ["stoker_t_seconds_count 1"])
        #expect(registry.lines("stoker_t_seconds_sum") == ["stoker_t_seconds_sum 1"])
        #expect(registry.lines("stoker_metrics_observations_dropped_total").first?.hasSuffix(" 2") == true)
    }

    @Test("A histogram takes durations in seconds")
    func durationsAreSeconds() throws {
        let registry = stillRegistry()
        try registry.histogram("stoker_t_seconds", help: "T.", buckets: .fast).with().observe(.milliseconds(250))
        #expect(registry.lines("stoker_t_seconds_sum") == ["stoker_t_seconds_sum 0.25"])
    }

    @Test("The latest named observation of a bucket is its exemplar, in OpenMetrics only")
    func exemplars() throws {
        let registry = stillRegistry()
        let histogram = try registry.histogram("stoker_t_seconds", help: "T.", buckets: Buckets([1, 2])).with()
        histogram.observe(0.5, exemplar: .request("a"))
        histogram.observe(0.6, exemplar: .request("b"))
        histogram.observe(7, exemplar: .request("c"))
        #expect(
            registry.lines("stoker_t_seconds_bucket", .openMetrics) == [
                "stoker_t_seconds_bucket{le=\"1.0\"} 2 # {request_id=\"b\"} 0.6",
                "stoker_t_seconds_bucket{le=\"2.0\"} 2",
                "stoker_t_seconds_bucket{le=\"+Inf\"} 3 # {request_id=\"c\"} 7",
            ])
        #expect(!registry.page(.text004).contains("request_id"))
    }

    @Test("An exemplar that breaks OpenMetrics' rules is none")
    func exemplarRules() {
        #expect(Exemplar.request(String(repeating: "é", count: 118)) != nil)
        #expect(Exemplar.request(String(repeating: "é", count: 119)) == nil)
        #expect(Exemplar(label: "trace-id", id: "a") == nil)
        #expect(Exemplar(label: "__trace", id: "a") == nil)
        #expect(Exemplar.request("a\rb") == nil)
    }

    @Test(
        "The ready-made bucket sets are sound",
        arguments: [
            Buckets.ttft, .tpot, .endToEnd, .tokens, .wait, .fast, .lag, .count,
        ])
    func bucketSets(buckets: Buckets) throws {
        _ = try stillRegistry().histogram("stoker_t_seconds", help: "T.", buckets: buckets)
    }
}
