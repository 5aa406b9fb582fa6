import StokerMetrics
import Testing

@Suite("Collectors that are asked at each scrape")
struct CollectorTests {
    struct Broken: Error {}

    @Test("What a collector says is on the page, in order")
    func says() {
        let registry = stillRegistry()
        registry.collect("queue") { scrape in
            scrape.gauge("stoker_queue_depth", help: "Waiting.", ["queue": "b"], value: 2)
            scrape.counter("stoker_queue_entries_total", help: "Entries.", value: 7)
            scrape.gauge("stoker_queue_depth", help: "Waiting.", ["queue": "a"], value: 1)
        }
        #expect(
            registry.lines("stoker_queue") == [
                "stoker_queue_depth{queue=\"a\"} 1", "stoker_queue_depth{queue=\"b\"} 2",
                "stoker_queue_entries_total 7",
            ])
    }

    @Test("A collector tells a state as one series per state")
    func states() {
        let registry = stillRegistry()
        registry.collect("light") { $0.state("stoker_light", help: "Light.", ["at": "corner"], is: Light.amber) }
        #expect(
            registry.lines("stoker_light") == [
                "stoker_light{at=\"corner\",state=\"amber\"} 1", "stoker_light{at=\"corner\",state=\"green\"} 0",
                "stoker_light{at=\"corner\",state=\"red\"} 0",
            ])
    }

    @Test("A collector that fails costs its own samples only, and is counted")
    func failure() throws {
        let registry = stillRegistry()
        try registry.gauge("stoker_level", help: "Level.").with().set(1)
        registry.collect("bad") { scrape in
            scrape.gauge("stoker_bad", help: "Bad.", value: 1)
            throw Broken()
        }
        registry.collect("good") { $0.gauge("stoker_good", help: "Good.", value: 1) }
        let lines = registry.page().split(separator: "\n").map(String.init)
        #expect(!lines.contains { $0.hasPrefix("stoker_bad") })
        #expect(lines.contains("stoker_good 1") && lines.contains("stoker_level 1"))
        #expect(lines.contains("stoker_collector_errors_total{component=\"test\",collector=\"bad\"} 1"))
        #expect(lines.contains("stoker_collector_errors_total{component=\"test\",collector=\"good\"} 0"))
    }

    static let wrongSamples: [@Sendable (inout Scrape) -> Void] = [
        { $0.gauge("no good name", help: "", value: 1) },
        { $0.gauge("stoker_a", help: "A.", ["__x": "1"], value: 1) },
        { $0.counter("stoker_a", help: "A.", value: 1) },
        { $0.counter("stoker_a_total", help: "A.", value: -1) },
        { $0.counter("stoker_a_total", help: "A.", value: .nan) },
        {
            $0.gauge("stoker_a", help: "A.", ["x": "1"], value: 1)
            $0.gauge("stoker_a", help: "A.", ["x": "1"], value: 2)
        },
        {
            $0.gauge("stoker_a", help: "A.", ["x": "1"], value: 1)
            $0.gauge("stoker_a", help: "A.", ["y": "1"], value: 2)
        },
        { $0.gauge("stoker_level", help: "Stolen.", value: 2) },
        { $0.counter("stoker_level_total", help: "The same name in OpenMetrics.", value: 2) },
    ]

    @Test("A wrong sample drops the collector's contribution and spoils no page", arguments: wrongSamples.indices)
    func wrongSample(index: Int) throws {
        let registry = stillRegistry()
        try registry.gauge("stoker_level", help: "Level.").with().set(1)
        registry.collect("wrong") { scrape in
            scrape.gauge("stoker_before", help: "Before.", value: 1)
            Self.wrongSamples[index](&scrape)
        }
        let page = registry.page(.openMetrics)
        #expect(ExpositionValidator.findings(in: Array(page.utf8), as: .openMetrics) == [])
        #expect(!page.contains("stoker_before") && page.contains("stoker_level 1\n"))
        #expect(page.contains("stoker_collector_errors_total{component=\"test\",collector=\"wrong\"} 1\n"))
    }

    @Test("A collector cannot pass the limit on series")
    func limit() {
        let registry = stillRegistry(seriesLimit: 5)
        registry.collect("many") { scrape in
            for number in 0..<6 { scrape.gauge("stoker_many", help: "Many.", ["n": "\(number)"], value: 0) }
        }
        #expect(registry.lines("stoker_many") == [])
        #expect(registry.lines("stoker_collector_errors_total").first?.hasSuffix(" 2") == true)
    }

    @Test("Each collector's time and last success are shown")
    func selfObservation() {
        let clock = StillClock()
        let registry = MetricsRegistry(component: "test", clock: clock.clock)
        registry.collect("slow") { _ in clock.advance(by: .milliseconds(250)) }
        let lines = registry.lines("stoker_collector_")
        #expect(lines.contains("stoker_collector_duration_seconds{component=\"test\",collector=\"slow\"} 0.25"))
        #expect(
            lines.contains(
                "stoker_collector_last_success_timestamp_seconds{component=\"test\",collector=\"slow\"} 1700000000"))
    }

    @Test("After the deadline no further collector is begun, and the page says which are missing")
    func deadline() {
        let clock = StillClock()
        let registry = MetricsRegistry(component: "test", clock: clock.clock)
        registry.collect("slow") { scrape in
            clock.advance(by: .seconds(3))
            scrape.gauge("stoker_slow", help: "Slow.", value: 1)
        }
        registry.collect("late") { $0.gauge("stoker_late", help: "Late.", value: 1) }
        let page = String(
            decoding: registry.snapshot(deadline: .seconds(102)).exposition(.text004), as: UTF8.self)
        #expect(page.contains("stoker_slow 1\n") && !page.contains("stoker_late"))
        #expect(page.contains("stoker_collector_errors_total{component=\"test\",collector=\"late\"} 1\n"))
    }
}
