import StokerMetrics
import Testing

@Test func aCounterCounts() throws {
    let registry = MetricsRegistry()
    let family = try registry.counter("stoker_things_total", help: "Things.", labels: ["kind"])
    family.with("a").increment()
    family.with("a").increment(by: 2.5)
    let page = String(decoding: registry.snapshot().exposition(.text004), as: UTF8.self)
    #expect(page.contains("stoker_things_total{kind=\"a\"} 3.5\n"))
}
