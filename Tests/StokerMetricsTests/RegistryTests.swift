import StokerMetrics
import Testing

@Suite("What the registry lets in")
struct RegistryTests {
    @Test(
        "A name that a scraper would refuse is an error",
        arguments: [
            "", "9lives_total", "with space_total", "with-dash_total", "é_total", "with:colon_total", "stoker_things",
        ])
    func badCounterNames(name: String) {
        #expect(throws: MetricsError.self) { try stillRegistry().counter(name, help: "Things.") }
    }

    @Test(
        "A gauge or histogram may not bear the ending of another kind",
        arguments: [
            "a_total", "a_count", "a_sum", "a_bucket", "a_info", "a_created",
        ])
    func reservedSuffixes(name: String) {
        #expect(throws: MetricsError.self) { try stillRegistry().gauge(name, help: "A.") }
        #expect(throws: MetricsError.self) { try stillRegistry().histogram(name, help: "A.", buckets: .fast) }
    }

    @Test(
        "A label that is malformed, reserved or given twice is an error",
        arguments: [
            ["9"], [""], ["a b"], ["__name__"], ["le"], ["a", "b", "a"],
        ])
    func badLabels(labels: [String]) {
        #expect(throws: MetricsError.self) {
            try stillRegistry().histogram("stoker_t_seconds", help: "T.", labels: labels, buckets: .fast)
        }
    }

    @Test(
        "Edges that cannot make a histogram are an error",
        arguments: [
            [], [1, 1], [2, 1], [.nan], [1, .infinity], Array(stride(from: 1.0, through: 25, by: 1)),
        ] as [[Double]])
    func badBuckets(edges: [Double]) {
        #expect(throws: MetricsError.self) {
            try stillRegistry().histogram("stoker_t_seconds", help: "T.", buckets: Buckets(edges))
        }
    }

    @Test("The same name twice is an error and the first family lives on")
    func duplicates() throws {
        let registry = stillRegistry()
        let first = try registry.counter("stoker_things_total", help: "Things.")
        #expect(throws: MetricsError.duplicate("stoker_things_total")) {
            try registry.counter("stoker_things_total", help: "Others.", labels: ["kind"])
        }
        first.with().increment()
        #expect(registry.lines("stoker_things") == ["stoker_things_total 1"])
    }

    @Test("Two names that are one family in OpenMetrics cannot both be registered")
    func openMetricsCollision() throws {
        let registry = stillRegistry()
        _ = try registry.counter("stoker_things_total", help: "Things.")
        #expect(throws: MetricsError.duplicate("stoker_things")) {
            try registry.gauge("stoker_things", help: "Things.")
        }
    }

    @Test("Errors say which metric and why")
    func errorTexts() {
        #expect(
            MetricsError.badLabel(metric: "m", label: "le", reason: "le is the histogram's own").description
                == "metric m, label le: le is the histogram's own")
        #expect(MetricsError.duplicate("m").description == "metric m is registered already")
    }

    @Test("A family without labels is on the page at zero before anybody counts")
    func zeroWithoutLabels() throws {
        let registry = stillRegistry()
        _ = try registry.counter("stoker_things_total", help: "Things.")
        #expect(registry.lines("stoker_things") == ["stoker_things_total 0"])
    }

    @Test("All cases of an enum label are on the page at zero before anybody counts")
    func zeroForEnums() throws {
        let registry = stillRegistry()
        let family = try registry.counter("stoker_light_changes_total", help: "Changes.", labels: ["at", "light"])
        let lights = family.each(Light.self, after: "corner")
        lights[.green].increment()
        #expect(
            registry.lines("stoker_light_changes") == [
                "stoker_light_changes_total{at=\"corner\",light=\"amber\"} 0",
                "stoker_light_changes_total{at=\"corner\",light=\"green\"} 1",
                "stoker_light_changes_total{at=\"corner\",light=\"red\"} 0",
            ])
    }

    @Test("Of a set of states exactly one is 1")
    func states() throws {
        let registry = stillRegistry()
        let family = try registry.states("stoker_light", help: "Light.", labels: ["at"], of: Light.self)
        let light = family.with("corner", initial: .red)
        let expect = { (on: String) in
            ["amber", "green", "red"].map { "stoker_light{at=\"corner\",state=\"\($0)\"} \($0 == on ? 1 : 0)" }
        }
        #expect(registry.lines("stoker_light") == expect("red"))
        light.set(.green)
        #expect(registry.lines("stoker_light") == expect("green"))
        family.remove("corner")
        #expect(registry.lines("stoker_light") == [])
    }

    @Test("The same labels give the same instrument")
    func sameHandle() throws {
        let family = try stillRegistry().gauge("stoker_level", help: "Level.", labels: ["a", "b"])
        #expect(family.with("1", "2") === family.with("1", "2"))
        #expect(family.with("1", "2") !== family.with("2", "1"))
    }

    @Test("What left the config leaves the page, and a new start begins at zero")
    func removal() throws {
        let registry = stillRegistry()
        let family = try registry.counter("stoker_things_total", help: "Things.", labels: ["process", "kind"])
        let old = family.with("a", "x")
        old.increment()
        family.with("b", "x").increment()
        registry.remove(label: "process", value: "a")
        old.increment()
        #expect(registry.lines("stoker_things") == ["stoker_things_total{process=\"b\",kind=\"x\"} 1"])
        #expect(family.with("a", "x").value == 0)
        family.remove("b", "x")
        #expect(registry.lines("stoker_things") == ["stoker_things_total{process=\"a\",kind=\"x\"} 0"])
    }

    @Test("A label value loses carriage returns and its tail beyond 256 bytes, never half a character")
    func labelValuesAreBounded() throws {
        let registry = stillRegistry()
        let family = try registry.gauge("stoker_level", help: "Level.", labels: ["of"])
        _ = family.with("a\r\nb")
        _ = family.with(String(repeating: "é", count: 200))
        let lines = registry.lines("stoker_level")
        #expect(
            lines == [
                "stoker_level{of=\"a\\nb\"} 0", "stoker_level{of=\"\(String(repeating: "é", count: 128))\"} 0",
            ])
    }
}

@Suite("The limit on series")
struct SeriesLimitTests {
    @Test("A label set beyond the limit is folded into _other and counted")
    func folding() throws {
        let registry = stillRegistry(seriesLimit: 3)
        let family = try registry.counter("stoker_things_total", help: "Things.", labels: ["kind"])
        for kind in 0..<10 { family.with("\(kind)").increment() }
        family.with("1").increment()
        #expect(
            registry.lines("stoker_things_total") == [
                "stoker_things_total{kind=\"0\"} 1", "stoker_things_total{kind=\"1\"} 2",
                "stoker_things_total{kind=\"2\"} 1", "stoker_things_total{kind=\"_other\"} 7",
            ])
        #expect(
            registry.lines("stoker_metrics_series_dropped_total") == [
                "stoker_metrics_series_dropped_total{component=\"test\",metric=\"stoker_things_total\"} 7"
            ])
    }

    @Test("A histogram counts with all its series")
    func histogramsWeigh() throws {
        let registry = stillRegistry(seriesLimit: 11)
        let family = try registry.histogram("stoker_t_seconds", help: "T.", labels: ["of"], buckets: Buckets([1, 2]))
        for name in ["a", "b", "c"] { family.with(name).observe(1) }
        #expect(
            registry.lines("stoker_t_seconds_count") == [
                "stoker_t_seconds_count{of=\"_other\"} 1", "stoker_t_seconds_count{of=\"a\"} 1",
                "stoker_t_seconds_count{of=\"b\"} 1",
            ])
    }

    @Test("What is removed makes room")
    func removalMakesRoom() throws {
        let registry = stillRegistry(seriesLimit: 1)
        let family = try registry.gauge("stoker_level", help: "Level.", labels: ["of"])
        _ = family.with("a")
        family.remove("a")
        family.with("b").set(5)
        #expect(registry.lines("stoker_level") == ["stoker_level{of=\"b\"} 5"])
    }

    @Test("A wrong number of label values is folded, not fatal")
    func wrongArity() throws {
        let registry = stillRegistry()
        let family = try registry.counter("stoker_things_total", help: "Things.", labels: ["a", "b"])
        family.with("1").increment()
        family.with("1", "2", "3").increment()
        #expect(registry.lines("stoker_things_total") == ["stoker_things_total{a=\"_other\",b=\"_other\"} 2"])
    }

    @Test("The registry says how many series it shows, itself included")
    func seriesCount() throws {
        let registry = stillRegistry()
        _ = try registry.histogram("stoker_t_seconds", help: "T.", buckets: Buckets([1, 2]))
        let samples = registry.page().split(separator: "\n").filter { !$0.hasPrefix("#") }.count
        #expect(
            registry.lines("stoker_metrics_series{").first == "stoker_metrics_series{component=\"test\"} \(samples)")
    }
}
