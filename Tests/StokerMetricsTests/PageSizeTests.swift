import StokerMetrics
import Testing

@Suite("A page of many series")
struct PageSizeTests {
    /// About 2,000 series, shaped like a gateway's: counters with four labels and histograms.
    static func registry() throws -> MetricsRegistry {
        let registry = MetricsRegistry(component: "test")
        let requests = try registry.counter(
            "stoker_test_requests_total", help: "Finished client requests.",
            labels: ["route", "model", "variant", "code"])
        let duration = try registry.histogram(
            "stoker_test_duration_seconds", help: "From first byte in to last byte out.",
            labels: ["route", "model", "variant"], buckets: .endToEnd)
        for route in ["/v1/chat/completions", "/v1/completions", "/v1/models", "_other"] {
            for model in ["deepseek-r1", "deepseek-v3", "qwen3", "_other"] {
                for variant in ["stable", "canary", "shadow", "none"] {
                    for code in 200..<209 { requests.with(route, model, variant, "\(code)").increment(by: code) }
                    duration.with(route, model, variant).observe(1.5)
                }
            }
        }
        return registry
    }

    @Test("Two thousand series are rendered, packed and found clean")
    func thousands() throws {
        let snapshot = try Self.registry().snapshot()
        let series = snapshot.families.reduce(0) { $0 + $1.seriesCount }
        #expect((1800...2200).contains(series))
        for format in ExpositionFormat.allCases {
            let page = snapshot.exposition(format)
            #expect(ExpositionValidator.findings(in: page, as: format) == [])
            let packed = try #require(gzip(page))
            #expect(packed.count * 10 < page.count, "\(page.count) bytes became \(packed.count)")
        }
    }

    @Test(
        "Packed bytes are a complete gzip stream with the right checksum and length", arguments: [0, 1, 100, 1 << 20])
    func gzipFrame(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let packed = try #require(gzip(bytes))
        #expect(packed.prefix(3) == [0x1F, 0x8B, 8])
        func word(at offset: Int) -> UInt32 {
            packed[offset..<offset + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        #expect(word(at: packed.count - 8) == crc32(bytes))
        #expect(word(at: packed.count - 4) == UInt32(count))
    }

    /// The checksum of gzip, as RFC 1952 defines it.
    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
    }
}
