import StokerMetrics
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Prometheus' own tool", .serialized)
struct PromtoolTests {
    @Test("promtool finds nothing to say about pages of ours")
    func promtool() throws {
        let places: [String] = ["/usr/bin/promtool", "/usr/local/bin/promtool"]
        guard let tool = places.first(where: { access($0, X_OK) == 0 }) else {
            let message: Comment = "promtool is missing: install Debian's package prometheus"
            if getenv("CI") != nil { Issue.record(message) } else { withKnownIssue(message) { Issue.record(message) } }
            return
        }
        let registry = try PageSizeTests.registry()
        ProcessMetrics.collect(into: registry)
        BuildInfo(version: "1.2.3", revision: "abc").collect(into: registry)
        let odd = try registry.gauge("stoker_test_odd", help: "Odd \\ \"labels\".", labels: ["of"])
        for value in ["a\"b", "a\\b", "a\nb", "漢\u{1F525}", ""] { odd.with(value).set(.nan) }
        let output = try run("\(tool) check metrics", input: registry.snapshot().exposition(.text004))
        #expect(output == "")
    }

    /// Runs a command with this input; returns what it prints on both outputs.
    private func run(_ command: String, input: [UInt8]) throws -> String {
        let path = "/tmp/stoker-promtool-\(getpid())"
        let file = try #require(fopen(path, "w"))
        defer { unlink(path) }
        fwrite(input, 1, input.count, file)
        fclose(file)
        let pipe = try #require(popen("\(command) < \(path) 2>&1", "r"))
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { output += chunk.prefix(count) }
        let status = pclose(pipe)
        return String(decoding: output, as: UTF8.self) + (status == 0 ? "" : "exit status \(status)")
    }
}
