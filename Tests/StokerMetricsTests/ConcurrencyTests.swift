import StokerMetrics
import Testing

@Suite("Many threads at once")
struct ConcurrencyTests {
    private static let writers = 8
    private static let rounds = 20_000

    @Test("Nothing is lost, and no scrape sees a torn histogram or a falling counter")
    func writersAndScraper() async throws {
        let registry = MetricsRegistry(component: "test")
        let counter = try registry.counter("stoker_things_total", help: "Things.").with()
        let gauge = try registry.gauge("stoker_level", help: "Level.").with()
        let histogram = try registry.histogram("stoker_t_seconds", help: "T.", buckets: .fast).with()
        let running = try MetricsRegistry().gauge("stoker_running", help: "Writers that are not done.").with()
        running.set(Self.writers)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.writers {
                group.addTask {
                    for round in 0..<Self.rounds {
                        counter.increment()
                        counter.increment(by: 0.5)
                        gauge.add(round.isMultiple(of: 2) ? 1 : -1)
                        histogram.observe(Double(round % 4))
                    }
                    running.add(-1)
                }
            }
            group.addTask { Self.scrape(registry, while: { running.value > 0 }) }
        }
        let total = Double(Self.writers * Self.rounds)
        #expect(counter.value == total * 1.5)
        #expect(gauge.value == 0)
        #expect(registry.lines("stoker_t_seconds_count") == ["stoker_t_seconds_count \(Int(total))"])
        #expect(registry.lines("stoker_t_seconds_sum") == ["stoker_t_seconds_sum \(Int(total * 1.5))"])
    }

    private static func scrape(_ registry: MetricsRegistry, while isRunning: () -> Bool) {
        var last = 0.0
        while isRunning() {
            let snapshot = registry.snapshot()
            let findings = ExpositionValidator.findings(in: snapshot.exposition(.openMetrics), as: .openMetrics)
            #expect(findings == [])
            guard case .number(let value)? = snapshot.value(of: "stoker_things_total") else {
                Issue.record("the counter is missing")
                return
            }
            #expect(value >= last)
            last = value
        }
    }

    @Test("Series that come and go under many threads keep the limit and the order")
    func comingAndGoing() async throws {
        let registry = MetricsRegistry(component: "test", seriesLimit: 50)
        let family = try registry.counter("stoker_things_total", help: "Things.", labels: ["writer", "n"])
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                group.addTask {
                    for round in 0..<2000 {
                        family.with("\(writer)", "\(round % 20)").increment()
                        if round.isMultiple(of: 50) { registry.remove(label: "writer", value: "\(writer)") }
                    }
                }
            }
        }
        let page = registry.snapshot()
        #expect(ExpositionValidator.findings(in: page.exposition(.text004), as: .text004) == [])
        let series = page.families.first { $0.name == "stoker_things_total" }?.series ?? []
        #expect(series.count <= 51)
        for writer in 0..<Self.writers { registry.remove(label: "writer", value: "\(writer)") }
        registry.remove(label: "writer", value: "_other")
        for number in 0..<49 { family.with("again", "\(number)").increment() }
        #expect(registry.lines("stoker_things_total{writer=\"again\"").count == 49)
    }

    @Test("Exemplars under many threads belong to their bucket")
    func exemplars() async throws {
        let registry = MetricsRegistry(component: "test")
        let histogram = try registry.histogram("stoker_t_seconds", help: "T.", buckets: .fast).with()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                group.addTask {
                    for round in 0..<500 {
                        histogram.observe(Double(round % 50) / 10, exemplar: .request("\(writer)-\(round)"))
                    }
                }
            }
            group.addTask {
                for _ in 0..<50 {
                    let page = registry.snapshot().exposition(.openMetrics)
                    #expect(ExpositionValidator.findings(in: page, as: .openMetrics) == [])
                }
            }
        }
        #expect(registry.lines("stoker_t_seconds_bucket", .openMetrics).contains { $0.contains(" # {request_id=") })
    }
}

extension MetricsSnapshot {
    /// The value of the first series of a family.
    func value(of name: String) -> Value? { families.first { $0.name == name }?.series.first?.value }
}
