import StokerCore
import StokerMetrics
import Testing

@Suite("What a process says about itself")
struct ProcessTests {
    @Test("All nine process metrics are there and plausible")
    func processMetrics() throws {
        let registry = MetricsRegistry(component: "test")
        ProcessMetrics.collect(into: registry)
        let page = registry.page()
        func value(_ name: String) throws -> Double {
            let line = try #require(
                page.split(separator: "\n").first { $0.hasPrefix(name + " ") }, "\(name) is missing")
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try value("process_cpu_seconds_total") >= 0)
        #expect(try value("process_threads") >= 1)
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"))
        #expect(try value("process_virtual_memory_max_bytes") == -1 || value("process_virtual_memory_max_bytes") > 0)
        #expect(try value("process_heap_bytes") > 1000)
        let now = MetricsClock.system.wall().seconds
        #expect(try (now - 86_400...now + 2).contains(value("process_start_time_seconds")))
        #expect(page.contains("stoker_collector_errors_total{component=\"test\",collector=\"process\"} 0\n"))
    }

    @Test("The build says what it is")
    func buildInfo() {
        let registry = stillRegistry()
        BuildInfo(version: "1.2.3", revision: "abc\"def").collect(into: registry)
        let lines = registry.lines("stoker_build_info")
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasPrefix("stoker_build_info{version=\"1.2.3\",revision=\"abc\\\"def\",swift_version=\"")
                == true)
        #expect(registry.lines("# TYPE stoker_build", .openMetrics) == ["# TYPE stoker_build info"])
    }

    private let scale = ProcessFacts.Scale(ticksPerSecond: 100, pageSize: 4096, bootTimeSeconds: 1_700_000_000)

    @Test("The name of a program may hold anything", arguments: ["stoker", "a b", "a) R 1 2 (b", "", "((", "))"])
    func programNames(name: String) throws {
        let stat =
            "4242 (\(name)) S 1 4242 4242 0 -1 4194560 9 8 7 6 250 150 5 4 20 0 12 0 5000 104857600 2560 18446 1 1"
        let facts = try #require(ProcessFacts(stat: stat, scale: scale))
        #expect(facts.cpuSeconds == 4)
        #expect(facts.threads == 12)
        #expect(facts.startTimeSeconds == 1_700_000_050)
        #expect(facts.virtualBytes == 104_857_600)
        #expect(facts.residentBytes == 2560 * 4096)
    }

    @Test(
        "What is not of the kernel's form is nothing",
        arguments: [
            "", "4242", "4242 (stoker", "4242 (stoker) S 1 2 3", "1 (a) S x x x x x x x x x x x x x x x x x x x x x x",
        ])
    func malformedStat(text: String) {
        #expect(ProcessFacts(stat: text, scale: scale) == nil)
    }

    @Test("The boot time is found among the kernel's other numbers")
    func bootTime() {
        #expect(ProcessFacts.bootTime(in: "cpu 1 2\nintr 5\nbtime 1700000000\nprocesses 9\n") == 1_700_000_000)
        #expect(ProcessFacts.bootTime(in: "cpu 1 2\n") == nil)
    }
}
