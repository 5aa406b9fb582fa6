import StokerCore
import Testing

@Suite("The seeded generator")
struct SeededGeneratorTests {
    @Test("gives SplitMix64's published numbers")
    func reference() {
        var random = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test("keeps fractions, durations and jitter within their bounds")
    func bounds() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            #expect((0..<1).contains(random.fraction()))
            #expect((.zero..<Duration.seconds(2)).contains(random.duration(below: .seconds(2))))
            #expect((.milliseconds(900)...Duration.milliseconds(1100)).contains(random.jittered(.seconds(1))))
        }
        #expect(random.duration(below: .zero) == .zero)
        #expect(random.duration(below: .seconds(-1)) == .zero)
    }

    @Test("meets a probability about as often as it says")
    func chance() {
        var random = SeededGenerator(seed: 5)
        let hits = (0..<10_000).count { _ in random.chance(0.2) }
        #expect((1800...2200).contains(hits))
    }
}
