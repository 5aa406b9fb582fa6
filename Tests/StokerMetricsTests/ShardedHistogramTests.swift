import StokerMetrics
import Testing

@Suite("A histogram in shards")
struct ShardedHistogramTests {
    private func family(_ registry: MetricsRegistry = stillRegistry()) throws -> ShardedHistogramFamily {
        try registry.shardedHistogram(
            "stoker_t_seconds", help: "T.", labels: ["model"], buckets: Buckets([0.001, 0.5, 2]))
    }

    private func distribution(_ histogram: ShardedHistogram) throws -> MetricsSnapshot.Distribution {
        guard case .histogram(let distribution) = histogram.reading() else { throw MetricsError.duplicate("no") }
        return distribution
    }

    @Test("adds up what its writers counted")
    func sum() throws {
        let histogram = try family().with("m")
        let (first, second) = (histogram.shard(), histogram.shard())
        first.observe(.milliseconds(250))
        second.observe(.milliseconds(250))
        second.observe(.seconds(3))
        let read = try distribution(histogram)
        #expect(read.edges == [0.001, 0.5, 2])
        #expect(read.counts == [0, 2, 0, 1])
        #expect(read.sum == 3.5)
    }

    @Test(
        "counts an observation on an edge in the bucket of that edge, as every histogram does",
        arguments: [
            (Duration.zero, 0), (.nanoseconds(1), 0), (.milliseconds(1), 0), (.nanoseconds(1_000_001), 1),
            (.milliseconds(500), 1), (.seconds(2), 2), (.nanoseconds(2_000_000_001), 3), (.seconds(Int64.max), 3),
            (.milliseconds(-5), 0), (.seconds(Int64.min), 0),
        ])
    func edges(duration: Duration, bucket: Int) throws {
        let histogram = try family().with("m")
        histogram.shard().observe(duration)
        let read = try distribution(histogram)
        #expect(read.counts.firstIndex(of: 1) == bucket)
        #expect(read.sum >= 0 && read.sum.isFinite)
    }

    @Test("agrees with the plain one, whatever is observed")
    func agrees() throws {
        let registry = stillRegistry()
        let plain = try registry.histogram("stoker_plain_seconds", help: "T.", buckets: .itl).with()
        let sharded = try registry.shardedHistogram("stoker_sharded_seconds", help: "T.", buckets: .itl).with()
        let shard = sharded.shard()
        for step in 0..<5000 {
            let duration = Duration.microseconds(step * step % 40_000_000)
            plain.observe(duration)
            shard.observe(duration)
        }
        guard case .histogram(let expected) = plain.reading() else { throw MetricsError.duplicate("no") }
        let read = try distribution(sharded)
        #expect(read.counts == expected.counts)
        #expect(abs(read.sum - expected.sum) < 1e-6 * expected.sum)
    }

    @Test("is there at zero before anybody has written")
    func bornAtZero() throws {
        let registry = stillRegistry()
        _ = try family(registry).with("m")
        #expect(registry.lines("stoker_t_seconds_count") == ["stoker_t_seconds_count{model=\"m\"} 0"])
    }

    @Test("refuses bad buckets and a name that is taken")
    func refusals() throws {
        let registry = stillRegistry()
        _ = try family(registry)
        #expect(throws: MetricsError.self) { try family(registry) }
        #expect(throws: MetricsError.self) {
            try registry.shardedHistogram("stoker_u_seconds", help: "U.", buckets: Buckets([2, 1]))
        }
    }

    @Test("loses nothing while each of many threads writes its own cells and one reads")
    func threads() async throws {
        let histogram = try family().with("m")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let shard = histogram.shard()
                    for _ in 0..<20_000 { shard.observe(.milliseconds(1)) }
                }
            }
            group.addTask {
                var last: UInt64 = 0
                while last < 80_000, case .histogram(let read) = histogram.reading() {
                    #expect(read.count >= last)
                    last = read.count
                    await Task.yield()
                }
            }
        }
        #expect(try distribution(histogram).counts == [80_000, 0, 0, 0])
        #expect(try distribution(histogram).sum == 80)
    }
}
