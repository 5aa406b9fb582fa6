import StokerCore
import StokerSimulator
import Testing

private func draws(_ model: LatencyModel, _ count: Int = 20_000, seed: UInt64 = 1) -> [Double] {
    (0..<count).map { index in
        var random = SeededRandom(seed: seed, stream: 7, index: index)
        return Double(model.draw(&random)) / 1e6
    }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

private func deviation(_ values: [Double]) -> Double {
    let middle = mean(values)
    return (values.map { ($0 - middle) * ($0 - middle) }.reduce(0, +) / Double(values.count)).squareRoot()
}

@Suite struct LatencyModelTests {
    @Test(arguments: [
        ("300ms", LatencyModel.constant(.milliseconds(300))), ("0ms", .constant(.zero)), ("2s", .constant(.seconds(2))),
        ("normal:300ms,50ms", .normal(mean: .milliseconds(300), deviation: .milliseconds(50))),
        ("lognormal:1s,500ms", .lognormal(mean: .seconds(1), deviation: .milliseconds(500))),
        (
            "bimodal:20ms,1s,0.1",
            .bimodal(usual: .milliseconds(20), rare: .seconds(1), share: 0.1)
        ),
    ])
    func `a model is read from its text`(text: String, model: LatencyModel) {
        #expect(LatencyModel(text: text) == model)
    }

    @Test(arguments: [
        "", "300", "normal", "normal:", "normal:1s", "normal:1s,", "normal:1s,2s,3s", "uniform:1s,2s",
        "lognormal:0s,1s",
        "bimodal:1s,2s", "bimodal:1s,2s,1.5", "bimodal:1s,2s,-1", "bimodal:1s,2s,nan", "normal:1s,2s:3s", ":1s", "-1s",
    ])
    func `what is no model is refused`(text: String) {
        #expect(LatencyModel(text: text) == nil)
    }

    @Test func `a constant is what it is`() {
        #expect(Set(draws(.constant(.milliseconds(300)), 10)) == [300])
    }

    @Test(arguments: [
        LatencyModel.normal(mean: .milliseconds(300), deviation: .milliseconds(50)),
        .lognormal(mean: .milliseconds(300), deviation: .milliseconds(50)),
    ])
    func `mean and deviation are those that were asked for`(model: LatencyModel) {
        let values = draws(model)
        #expect(abs(mean(values) - 300) < 2)
        #expect(abs(deviation(values) - 50) < 2)
    }

    @Test func `a lognormal has its longer tail above`() {
        let values = draws(.lognormal(mean: .milliseconds(100), deviation: .milliseconds(100))).sorted()
        #expect(values[values.count / 2] < mean(values))
        #expect(abs(values[values.count / 2] - 100 / 2.0.squareRoot()) < 2)
    }

    @Test func `a bimodal takes each of two values in its share`() {
        let values = draws(.bimodal(usual: .milliseconds(20), rare: .milliseconds(500), share: 0.1))
        #expect(Set(values) == [20, 500])
        #expect(abs(Double(values.count { $0 == 500 }) / Double(values.count) - 0.1) < 0.01)
    }

    @Test func `no time is negative, however wide the distribution`() {
        let values = draws(.normal(mean: .milliseconds(1), deviation: .seconds(1)))
        #expect(values.allSatisfy { $0 >= 0 })
        #expect(values.contains(0))
    }

    @Test func `equal seeds draw equal times, others differ`() {
        let model = LatencyModel.normal(mean: .seconds(1), deviation: .milliseconds(100))
        #expect(draws(model, 100) == draws(model, 100))
        #expect(draws(model, 100) != draws(model, 100, seed: 2))
    }

    @Test func `uniform numbers stay within their open interval and fill it`() {
        var random = SeededRandom(seed: 3)
        let values = (0..<10_000).map { _ in random.uniform() }
        #expect(values.allSatisfy { $0 > 0 && $0 < 1 })
        for tenth in 0..<10 {
            let count = values.count { Int($0 * 10) == tenth }
            #expect((800...1200).contains(count))
        }
    }
}

@Suite struct AnswerPaceTests {
    private func times(_ pace: AnswerPace, _ count: Int) -> [Int64] {
        var pace = pace
        return (0..<count).map { _ in
            defer { pace.advance() }
            return pace.due / 1_000_000
        }
    }

    private let fixed = AnswerPace(first: .constant(.milliseconds(50)), interval: .constant(.milliseconds(10)))

    @Test func `tokens are due at fixed times after the start`() {
        #expect(times(fixed, 4) == [50, 60, 70, 80])
    }

    @Test func `several tokens at once are due as many intervals later`() {
        var pace = fixed
        pace.advance(by: 3)
        #expect(pace.due == 80_000_000)
        pace.advance(by: 0)
        #expect(pace.due == 80_000_000)
        pace.advance(by: -1)
        #expect(pace.due == 80_000_000)
    }

    @Test func `a long prompt delays the first token and no other`() {
        let pace = AnswerPace(
            first: .constant(.milliseconds(50)), interval: .constant(.milliseconds(10)), prefill: 5_000_000)
        #expect(times(pace, 3) == [55, 65, 75])
    }

    @Test func `a slow-down stretches what is to come`() {
        var pace = AnswerPace(
            first: .constant(.milliseconds(50)), interval: .constant(.milliseconds(10)), slowdown: 2)
        #expect(pace.due == 100_000_000)
        pace.advance(slowdown: 3)
        #expect(pace.due == 130_000_000)
    }

    @Test func `a delay moves everything after it`() {
        var pace = fixed
        pace.delay(by: 1_000_000_000)
        #expect(times(pace, 2) == [1050, 1060])
    }

    @Test(arguments: [
        LatencyModel.normal(mean: .milliseconds(10), deviation: .milliseconds(3)),
        .lognormal(mean: .milliseconds(10), deviation: .milliseconds(3)),
        .bimodal(usual: .milliseconds(10), rare: .milliseconds(90), share: 0.2),
    ])
    func `the same seed and prompt give the same times, others differ`(model: LatencyModel) {
        func pace(_ seed: UInt64, _ prompt: UInt64) -> AnswerPace {
            AnswerPace(first: model, interval: model, seed: seed, prompt: prompt)
        }
        #expect(times(pace(1, 1), 50) == times(pace(1, 1), 50))
        #expect(times(pace(1, 1), 50) != times(pace(2, 1), 50))
        #expect(times(pace(1, 1), 50) != times(pace(1, 2), 50))
    }

    @Test(arguments: [
        LatencyModel.constant(.milliseconds(7)), .normal(mean: .milliseconds(10), deviation: .milliseconds(3)),
    ])
    func `one step of many is many steps of one`(model: LatencyModel) {
        var one = AnswerPace(first: model, interval: model, seed: 4, prompt: 5)
        var other = one
        one.advance(by: 30)
        for _ in 0..<30 { other.advance() }
        #expect(one.due == other.due)
    }

    @Test func `absurd times stay within the clock`() {
        var pace = AnswerPace(first: .constant(.seconds(Int64.max)), interval: .constant(.seconds(Int64.max)))
        pace.advance(by: 1)
        #expect(pace.due > 0)
    }
}
