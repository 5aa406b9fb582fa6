import StokerCore
import StokerMetrics
import Testing

@Suite("The page")
struct ExpositionTests {
    @Test(
        "Both formats are, byte for byte, what the golden files say",
        arguments: [
            (ExpositionFormat.text004, "every-kind.prom"), (.openMetrics, "every-kind.openmetrics"),
        ])
    func golden(format: ExpositionFormat, file: String) throws {
        let page = String(decoding: try everyKind().exposition(format), as: UTF8.self)
        let expected = try fixture(file)
        #expect(page == expected)
    }

    @Test("Equal state gives equal bytes", arguments: ExpositionFormat.allCases)
    func deterministic(format: ExpositionFormat) throws {
        #expect(try everyKind().exposition(format) == everyKind().exposition(format))
    }

    @Test("Families come in one order in both formats", arguments: ExpositionFormat.allCases)
    func familyOrder(format: ExpositionFormat) throws {
        let registry = stillRegistry()
        _ = try registry.counter("stoker_a_total", help: "A.")
        _ = try registry.gauge("stoker_a_b", help: "B.")
        _ = try registry.gauge("stoker_a_z", help: "Z.")
        let names = registry.lines("# TYPE stoker_a", format).map { $0.split(separator: " ")[2] }
        let counter = format == .openMetrics ? "stoker_a" : "stoker_a_total"
        #expect(names.map(String.init) == [counter, "stoker_a_b", "stoker_a_z"])
    }

    @Test("A family without series is not mentioned")
    func emptyFamilies() throws {
        let registry = stillRegistry()
        _ = try registry.gauge("stoker_level", help: "Level.", labels: ["of"])
        #expect(!registry.page().contains("# TYPE stoker_level"))
    }

    @Test("The unit of OpenMetrics is the ending of the name")
    func units() throws {
        let registry = stillRegistry()
        _ = try registry.counter("stoker_cpu_seconds_total", help: "CPU.")
        _ = try registry.gauge("stoker_memory_bytes", help: "Memory.")
        _ = try registry.gauge("stoker_level", help: "Level.")
        #expect(
            registry.lines("# UNIT stoker_", .openMetrics).filter { !$0.contains("collector") } == [
                "# UNIT stoker_cpu_seconds seconds", "# UNIT stoker_memory_bytes bytes",
            ])
        #expect(registry.lines("# UNIT", .text004) == [])
    }
}

@Suite("Numbers on the page")
struct NumberTests {
    private func text(_ value: Double) throws -> String {
        let registry = stillRegistry()
        try registry.gauge("stoker_level", help: "Level.").with().set(value)
        return String(registry.lines("stoker_level")[0].dropFirst("stoker_level ".count))
    }

    @Test(
        "Samples are short, exact and in Prometheus' words",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-17, "-17"), (1e6, "1000000"), (1e14, "100000000000000"),
            (1e15, "1000000000000000"),
            (1e16, "10000000000000000"), (1e17, "1e+17"), (0.1, "0.1"), (1.0 / 3, "0.3333333333333333"),
            (1e-5, "1e-05"), (.leastNonzeroMagnitude, "5e-324"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
        ] as [(Double, String)])
    func samples(value: Double, expected: String) throws {
        #expect(try text(value) == expected)
    }

    @Test("Any number reads back as itself", arguments: 0..<4)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let read = try #require(Double(try text(value)))
            #expect(read == value)
        }
    }

    @Test(
        "Edges are in OpenMetrics' canonical form",
        arguments: [
            (0, "0.0"), (1, "1.0"), (2.5, "2.5"), (0.001, "0.001"), (0.0001, "0.0001"), (0.00001, "1e-05"),
            (0.000_012_5, "1.25e-05"), (1e-10, "1e-10"), (10, "10.0"), (160, "160.0"), (100_000, "100000.0"),
            (123_456, "123456.0"), (1_000_000, "1e+06"), (1_048_576, "1.048576e+06"), (262_144, "262144.0"),
            (655.36, "655.36"), (1e10, "1e+10"), (1e100, "1e+100"), (1e22, "1e+22"), (12_345_678, "1.2345678e+07"),
            (100_000.5, "100000.5"), (-0.5, "-0.5"), (-20, "-20.0"),
        ] as [(Double, String)])
    func edges(edge: Double, expected: String) throws {
        let registry = stillRegistry()
        _ = try registry.histogram("stoker_t_seconds", help: "T.", buckets: Buckets([edge]))
        #expect(registry.lines("stoker_t_seconds_bucket")[0] == "stoker_t_seconds_bucket{le=\"\(expected)\"} 0")
    }

    @Test("An edge reads back as itself, whatever it is", arguments: 0..<4)
    func edgeRoundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let edge = Double(bitPattern: random.next() >> 1)
            guard edge.isFinite else { continue }
            let registry = stillRegistry()
            _ = try registry.histogram("stoker_t_seconds", help: "T.", buckets: Buckets([edge]))
            let line = registry.lines("stoker_t_seconds_bucket")[0]
            #expect(Double(String(line.split(separator: "\"")[1])) == edge)
        }
    }
}

@Suite("Escaping")
struct EscapingTests {
    /// Characters that have broken some exposition once, and some that any text may hold.
    private static let difficult: [Unicode.Scalar] = [
        "\"", "\\", "\n", "\t", "\0", "{", "}", ",", "=", "#", " ", "é", "\u{301}", "漢", "\u{1F525}", "\u{200B}",
        "\u{2028}", "\u{85}", "\u{7F}", "\u{FEFF}", "n", "a",
    ]

    private func randomText(_ random: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            let any = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random))
            let known = Self.difficult[Int.random(in: 0..<Self.difficult.count, using: &random)]
            text.append(Bool.random(using: &random) ? known : any ?? known)
        }
        return String(String.UnicodeScalarView(text.filter { $0 != "\r" }))
    }

    /// Reads the value of the first label as the specification says, independently of our own reader.
    private func firstLabelValue(in line: String) throws -> String {
        let start = try #require(line.utf8.firstIndex(of: UInt8(ascii: "\"")))
        var value: [UInt8] = []
        var bytes = line.utf8[line.utf8.index(after: start)...].makeIterator()
        while let byte = bytes.next(), byte != UInt8(ascii: "\"") {
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            let escaped = bytes.next() ?? 0
            value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
        }
        return String(decoding: value, as: UTF8.self)
    }

    @Test("Any text in a label comes back as it was", arguments: 0..<8)
    func labels(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let value = randomText(&random)
            let registry = stillRegistry()
            _ = try registry.gauge("stoker_level", help: "Level.", labels: ["of"]).with(value)
            for format in ExpositionFormat.allCases {
                let page = registry.snapshot().exposition(format)
                #expect(
                    ExpositionValidator.findings(in: page, as: format) == [], "seed \(seed), \(value.debugDescription)")
                let line = page.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "stoker_level{".utf8) }
                let found = try firstLabelValue(in: String(decoding: try #require(line), as: UTF8.self))
                #expect(Array(found.utf8) == Array(value.utf8), "seed \(seed)")
            }
        }
    }

    @Test("Any text in a help leaves the page sound", arguments: 0..<8)
    func help(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let registry = stillRegistry()
            _ = try registry.gauge("stoker_level", help: randomText(&random) + "\r\n", labels: [])
            for format in ExpositionFormat.allCases {
                let page = registry.snapshot().exposition(format)
                #expect(ExpositionValidator.findings(in: page, as: format) == [], "seed \(seed)")
            }
        }
    }

    @Test("0.0.4 leaves quotes in a help alone, OpenMetrics escapes them")
    func quotesInHelp() throws {
        let registry = stillRegistry()
        _ = try registry.gauge("stoker_level", help: "a \"b\" \\ c")
        #expect(registry.lines("# HELP stoker_level ", .text004) == ["# HELP stoker_level a \"b\" \\\\ c"])
        #expect(registry.lines("# HELP stoker_level ", .openMetrics) == ["# HELP stoker_level a \\\"b\\\" \\\\ c"])
    }
}
