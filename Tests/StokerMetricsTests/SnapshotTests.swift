import StokerCore
import StokerMetrics
import Testing

@Suite("Merging pages")
struct MergeTests {
    private func snapshot(_ build: (MetricsRegistry) throws -> Void) rethrows -> MetricsSnapshot {
        let registry = stillRegistry()
        try build(registry)
        return registry.snapshot().withoutSelf
    }

    @Test("Families and series of both come out in order")
    func bothInOrder() throws {
        let left = try snapshot { registry in
            _ = try registry.gauge("stoker_b", help: "B.")
            try registry.gauge("stoker_c", help: "C.", labels: ["of"]).with("2").set(2)
        }
        let right = try snapshot { registry in
            _ = try registry.gauge("stoker_a", help: "A.")
            _ = try registry.gauge("stoker_d", help: "D.")
            try registry.gauge("stoker_c", help: "C.", labels: ["of"]).with("1").set(1)
        }
        let merged = left.merging(right)
        #expect(merged.families.map(\.name) == ["stoker_a", "stoker_b", "stoker_c", "stoker_d"])
        #expect(merged.families[2].series.map(\.labels) == [["1"], ["2"]])
        #expect(ExpositionValidator.findings(in: merged.exposition(.text004), as: .text004) == [])
    }

    @Test("Where both have the same series the first one's is kept, so that no counter seems to reset")
    func firstWins() throws {
        let left = try snapshot { try $0.counter("stoker_a_total", help: "A.").with().increment(by: 5) }
        let right = try snapshot { try $0.counter("stoker_a_total", help: "A.").with().increment(by: 3) }
        #expect(left.merging(right) == left)
        #expect(right.merging(left) == right)
    }

    @Test("A family that means something else in the other page is left out of it")
    func conflict() throws {
        let left = try snapshot { try $0.gauge("stoker_a", help: "A.").with().set(1) }
        let right = try snapshot { try $0.gauge("stoker_a", help: "A.", labels: ["of"]).with("x").set(2) }
        #expect(left.merging(right) == left)
    }

    @Test("An empty page changes nothing")
    func empty() throws {
        let page = try everyKind()
        let extremes = "stoker_test_extremes"  // NaN is not equal to itself
        let comparable = MetricsSnapshot(families: page.families.filter { $0.name != extremes })
        #expect(comparable.merging(MetricsSnapshot()) == comparable)
        #expect(MetricsSnapshot().merging(comparable) == comparable)
    }

    @Test("Two processes' words about themselves stand side by side")
    func components() throws {
        let control = MetricsRegistry(component: "control-plane").snapshot()
        let gateway = MetricsRegistry(component: "gateway").snapshot()
        let page = String(decoding: control.merging(gateway).exposition(.text004), as: UTF8.self)
        #expect(page.contains("stoker_metrics_series{component=\"control-plane\"} 1\n"))
        #expect(page.contains("stoker_metrics_series{component=\"gateway\"} 1\n"))
    }
}

@Suite("The wire form")
struct WireTests {
    @Test("What is sent is what arrives")
    func roundTrip() throws {
        let sent = try everyKind()
        let received = try MetricsSnapshot(decoding: sent.encoded())
        for format in ExpositionFormat.allCases {
            #expect(received.exposition(format) == sent.exposition(format))
        }
        #expect(received.encoded() == sent.encoded())
    }

    @Test("The wire form is a fraction of the page")
    func compact() throws {
        let snapshot = try everyKind()
        #expect(snapshot.encoded().count * 2 < snapshot.exposition(.text004).count)
    }

    @Test("A page cut short anywhere is an error")
    func truncation() throws {
        let bytes = try everyKind().encoded()
        for length in bytes.indices {
            #expect(throws: WireError.self) { try MetricsSnapshot(decoding: Array(bytes[..<length])) }
        }
    }

    @Test("Other bytes and bytes behind the end are an error")
    func foreignBytes() throws {
        #expect(throws: WireError.notASnapshot) { try MetricsSnapshot(decoding: Array("# HELP x".utf8)) }
        #expect(throws: WireError.truncated) { try MetricsSnapshot(decoding: []) }
        #expect(throws: WireError.self) { try MetricsSnapshot(decoding: try everyKind().encoded() + [0]) }
    }

    @Test("A count that promises more than the bytes hold is believed no further than that")
    func lyingCount() {
        let billions: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        #expect(throws: WireError.truncated) { try MetricsSnapshot(decoding: Array("SMS1".utf8) + billions) }
        let beyond64Bits = [UInt8](repeating: 0xFF, count: 10)
        #expect(throws: WireError.self) { try MetricsSnapshot(decoding: Array("SMS1".utf8) + beyond64Bits) }
    }

    @Test("Whatever the bytes, the answer is an error or a page without a fault", arguments: 0..<8)
    func fuzz(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let original = try everyKind().encoded()
        for _ in 0..<600 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let snapshot = try? MetricsSnapshot(decoding: bytes) else { continue }
            let findings = ExpositionValidator.findings(in: snapshot.exposition(.openMetrics), as: .openMetrics)
            #expect(findings == [], "seed \(seed)")
            #expect(try MetricsSnapshot(decoding: snapshot.encoded()).encoded() == snapshot.encoded())
        }
    }
}
