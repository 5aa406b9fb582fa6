import StokerCore
import StokerLoad
import StokerMetrics
import Testing

@Suite struct HistogramCodecTests {
    @Test func `what is written is read again`() throws {
        var histogram = LatencyHistogram()
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<5000 { histogram.record(Int64(generator.fraction() * generator.fraction() * 3e10)) }
        let read = try HistogramCodec.histogram(of: try #require(HistogramCodec.text(of: histogram)))
        #expect(read.count == histogram.count)
        for fraction in [0.01, 0.5, 0.9, 0.99] { #expect(read.quantile(fraction) == histogram.quantile(fraction)) }
    }

    @Test(arguments: [0, 1, 2047, 2048, 3_600_000_000] as [Int64])
    func `a single value at the edge of a bucket`(microseconds: Int64) throws {
        var histogram = LatencyHistogram()
        histogram.record(microseconds * 1000)
        let read = try HistogramCodec.histogram(of: try #require(HistogramCodec.text(of: histogram)))
        let value = try #require(read.quantile(0.5))
        #expect(value >= microseconds * 1000 && value <= microseconds * 1001 + 1000)
    }

    @Test func `an empty one is read as empty`() throws {
        #expect(try HistogramCodec.histogram(of: try #require(HistogramCodec.text(of: LatencyHistogram()))).isEmpty)
    }

    @Test(arguments: ["", "!", "AAAA", "HISTFAAAAAA=", "HISTFAAAAARkZWFk"])
    func `what is none is refused`(text: String) {
        #expect(throws: LoadError.self) { try HistogramCodec.histogram(of: text) }
    }

    @Test func `damage anywhere is an error or other counts, never a crash`() throws {
        var histogram = LatencyHistogram()
        for value in 1..<200 { histogram.record(Int64(value * value) * 1_000_000) }
        let text = Array(try #require(HistogramCodec.text(of: histogram)))
        for index in text.indices {
            var damaged = text
            damaged[index] = text[index] == "A" ? "B" : "A"
            _ = try? HistogramCodec.histogram(of: String(damaged))
            _ = try? HistogramCodec.histogram(of: String(text[..<index]))
        }
    }

    @Test func `zlib unpacks no more than is wanted`() throws {
        let zeros = [UInt8](repeating: 0, count: 100_000)
        let packed = try #require(Zlib.packed(zeros))
        #expect(packed.count < 1000)
        #expect(Zlib.unpacked(packed, limit: 99_999) == nil)
        #expect(Zlib.unpacked(packed, limit: 100_000) == zeros)
        #expect(Zlib.unpacked([1, 2, 3], limit: 100) == nil)
    }
}
