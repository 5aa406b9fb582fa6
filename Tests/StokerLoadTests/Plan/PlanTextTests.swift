import StokerLoad
import Testing

@Suite struct LengthTextTests {
    @Test(
        arguments: [
            ("512", .constant(512)), ("uniform:100-900", .uniform(100...900)),
            ("normal:512,128", .normal(mean: 512, deviation: 128)), ("normal:8.5,0", .normal(mean: 8.5, deviation: 0)),
            ("lognormal:512,300.25", .lognormal(mean: 512, deviation: 300.25)),
        ] as [(String, LengthDistribution)])
    func `a length reads back as it is written`(text: String, length: LengthDistribution) throws {
        #expect(try LengthDistribution(text: text, flag: "--input-len") == length)
        #expect(length.text == text)
    }

    @Test(arguments: [
        "", "0", "-1", "1.5", "10000001", "99999999999999999999", "uniform:", "uniform:5", "uniform:9-1", "uniform:0-9",
        "normal:512", "normal:a,b", "normal:1e3,1", "normal:512,128,1", "lognormal:0,5", "lognormal:512,-1",
        "pareto:5,6", "512:", "inf", "0x10", "uniform:1-2-3", "normal:5,20000000",
    ])
    func `what is no length names the flag, itself and an example`(text: String) {
        let error = #expect(throws: LoadError.self) { try LengthDistribution(text: text, flag: "--input-len") }
        #expect(error?.message.hasPrefix("--input-len: '\(text)' is ") == true)
        #expect(error?.message.contains("; try --input-len ") == true)
    }

    @Test func `a complaint is harmless to a terminal and fits a line`() {
        let error = #expect(throws: LoadError.self) {
            try LengthDistribution(text: "\u{1B}[2J" + String(repeating: "x", count: 5000), flag: "--osl")
        }
        #expect(error?.message.contains("\u{1B}") == false)
        #expect((error?.message.count ?? 999) < 250)
    }
}

@Suite struct TimeTextTests {
    @Test(
        arguments: [
            ("5s", .constant(5 * second)), ("0s", .constant(0)), ("exp:250ms", .exponential(mean: 250_000_000)),
            ("uniform:1s-9s", .uniform(second...9 * second)),
        ] as [(String, TimeDistribution)])
    func `a think time reads back as it is written`(text: String, time: TimeDistribution) throws {
        #expect(try TimeDistribution(text: text, flag: "--think-time") == time)
        #expect(time.text == text)
    }

    @Test(arguments: ["", "5", "-5s", "exp:", "exp:5", "exp:1s-2s", "uniform:1s", "uniform:9s-1s", "normal:1s", "5 s"])
    func `what is no time is refused with an example`(text: String) {
        let error = #expect(throws: LoadError.self) { try TimeDistribution(text: text, flag: "--think-time") }
        #expect(error?.message.contains("exp:5s") == true)
    }

    @Test(arguments: [
        ("0s:5m", TimeWindow(start: 0, end: 300 * second)), (":5m", TimeWindow(start: 0, end: 300 * second)),
        ("10s:", TimeWindow(start: 10 * second)), (":", TimeWindow()),
    ])
    func `a window may leave either side open`(text: String, window: TimeWindow) throws {
        #expect(try TimeWindow(text: text, flag: "--window") == window)
    }

    @Test(arguments: ["", "5m", "5m:1m", "1s:1s", "a:b", "1s:2s:3s"])
    func `what is no window is refused`(text: String) {
        #expect(throws: LoadError.self) { try TimeWindow(text: text, flag: "--window") }
    }

    @Test func `a window holds its start and not its end`() {
        let window = TimeWindow(start: 5, end: 9)
        #expect([4, 5, 8, 9].map { window.contains($0) } == [false, true, true, false])
    }
}

@Suite struct StageTextTests {
    @Test(arguments: [
        ("30s:100", Stage(duration: 30 * second, level: 100)), ("0s:2.5", Stage(duration: 0, level: 2.5)),
        ("5m:0", Stage(duration: 300 * second, level: 0)),
    ])
    func `a stage is a time and the level at its end`(text: String, stage: Stage) throws {
        #expect(try Stage(text: text, flag: "--stage") == stage)
    }

    @Test(arguments: ["", "30s", "100:30s", "30s:-1", "30s:1e9", "30s:99999999", "30s:1:2", "30:100"])
    func `what is no stage is refused with an example`(text: String) {
        let error = #expect(throws: LoadError.self) { try Stage(text: text, flag: "--stage") }
        #expect(error?.message.hasSuffix("try --stage 30s:100") == true)
    }

    @Test func `a spawn rate is a ramp, none is a jump`() {
        #expect(Stage.ramp(to: 2000, perSecond: 50) == [Stage(duration: 40 * second, level: 2000)])
        #expect(Stage.ramp(to: 5, perSecond: nil) == [Stage(duration: 0, level: 5)])
        #expect(Stage.ramp(to: 5, perSecond: 1e-300).first?.level == 5)
    }
}

@Suite struct ObjectiveTextTests {
    @Test func `vLLM's names and units are read, in one text or several`() throws {
        let all = Objective(ttft: 2 * second, tpot: 80_500_000, e2e: 30 * second)
        #expect(try Objective(goodput: ["ttft:2000", "tpot:80.5", "e2el:30000"], flag: "--goodput") == all)
        #expect(try Objective(goodput: ["ttft:2000 tpot:80.5 e2el:30000"], flag: "--goodput") == all)
        #expect(try Objective(goodput: [], flag: "--goodput").isEmpty)
    }

    @Test(arguments: [
        ("ttft", "is no bound"), ("ttft:", "is no bound"), ("ttft:2s", "is no bound"), ("ttft:0", "is no bound"),
        ("itl:5", "names no measure"), ("ttft:5 ttft:6", "is the second of its kind"),
    ])
    func `a wrong bound is refused for what it is`(text: String, why: String) {
        let error = #expect(throws: LoadError.self) { try Objective(goodput: [text], flag: "--goodput") }
        #expect(error?.message.contains(why) == true)
        #expect(error?.message.contains("try --goodput ttft:2000") == true)
    }

    @Test func `presets are MLPerf's`() throws {
        let server = try Objective(preset: "mlperf-deepseek-r1", flag: "--slo")
        #expect(server == Objective(ttft: 2000 * second / 1000, tpot: 80 * second / 1000))
        let interactive = try Objective(preset: "mlperf-deepseek-r1-interactive", flag: "--slo")
        #expect(interactive == Objective(ttft: 1500 * second / 1000, tpot: 15 * second / 1000))
    }

    @Test func `an unknown preset names those there are`() {
        let error = #expect(throws: LoadError.self) { try Objective(preset: "fast", flag: "--slo") }
        #expect(error?.message.contains("known are mlperf-deepseek-r1, mlperf-deepseek-r1-interactive") == true)
    }

    @Test func `bounds that were typed win over a preset's`() throws {
        let typed = try Objective(goodput: ["ttft:500"], flag: "--goodput")
        #expect(typed.or(Objective.Preset.deepSeekR1.objective) == Objective(ttft: second / 2, tpot: 80_000_000))
    }
}

@Suite struct ShardTextTests {
    @Test func `people count from one`() throws {
        #expect(try Shard(text: "1/4", flag: "--shard") == Shard(index: 0, count: 4))
        #expect(try Shard(text: "4/4", flag: "--shard").text == "4/4")
    }

    @Test(arguments: ["", "1", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/4", "1/10001"])
    func `what is no shard is refused`(text: String) {
        let error = #expect(throws: LoadError.self) { try Shard(text: text, flag: "--shard") }
        #expect(error?.message.hasSuffix("try --shard 2/4") == true)
    }
}
