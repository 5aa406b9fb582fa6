import StokerCore
import StokerMetrics
import Synchronization
import Testing

@Suite("Choosing the format")
struct NegotiationTests {
    private static let om = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    private static let text = "text/plain; version=0.0.4; charset=utf-8"

    @Test(
        "The Accept header decides",
        arguments: [
            (nil, text), ("", text), ("*/*", text), ("text/html", text), ("text/plain", text), ("text/*", text),
            ("application/openmetrics-text", om),
            ("application/openmetrics-text; version=1.0.0", om),
            ("application/openmetrics-text;version=\"1.0.0\"", om),
            ("APPLICATION/OpenMetrics-Text;Version=1.0.0", om),
            ("application/openmetrics-text;version=2.0.0", text),
            ("application/openmetrics-text;version=0.0.1", text),
            ("application/openmetrics-text;q=0", text),
            ("application/openmetrics-text;q=0.3,text/plain;q=0.8", text),
            ("application/openmetrics-text;q=0.8,text/plain;q=0.3", om),
            ("text/plain,application/openmetrics-text", om),
            ("application/openmetrics-text,text/plain", om),
            ("application/openmetrics-text;q=nonsense", text),
            ("application/openmetrics-text;q=7", text),
            (";;,,=;q", text),
            // Prometheus 2.42 and 3.x, as they send it.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", om
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                    + "application/openmetrics-text;version=0.0.1;q=0.4,"
                    + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                om + "; escaping=underscores"
            ),
            ("text/plain;version=0.0.4;escaping=underscores", text + "; escaping=underscores"),
        ] as [(String?, String)])
    func table(accept: String?, expected: String) {
        #expect(ExpositionChoice(accept: accept).contentType == expected)
    }
}

@Suite("Answering a scrape")
struct EndpointTests {
    private func endpoint(
        _ registry: MetricsRegistry = stillRegistry(), sources: [MetricsEndpoint.ForeignSource] = []
    ) -> MetricsEndpoint {
        MetricsEndpoint(registry: registry, startedAt: Timestamp(milliseconds: 1_234_567), merging: sources)
    }

    @Test("A page comes with its type, and with the start of the process")
    func headers() async throws {
        let response = await endpoint().answer(ScrapeRequest(accept: "application/openmetrics-text"))
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(response.header("Process-Start-Time-Unix") == "1234")
        #expect(response.header("Content-Encoding") == nil)
        #expect(ExpositionValidator.findings(in: response.body, as: .openMetrics) == [])
    }

    @Test("HEAD gives the headers only, another method is refused")
    func methods() async throws {
        let endpoint = endpoint()
        let head = await endpoint.answer(ScrapeRequest(method: "HEAD"))
        #expect(head.status == 200 && head.body.isEmpty)
        let post = await endpoint.answer(ScrapeRequest(method: "POST"))
        #expect(post.status == 405 && post.header("Allow") == "GET, HEAD")
    }

    @Test(
        "The page is packed for whoever takes gzip",
        arguments: [
            (nil, false), ("gzip", true), ("deflate, gzip;q=0.5", true), ("gzip;q=0", false), ("*", true),
            ("br", false),
        ] as [(String?, Bool)])
    func compression(acceptEncoding: String?, expected: Bool) async throws {
        let response = await endpoint().answer(ScrapeRequest(acceptEncoding: acceptEncoding))
        #expect((response.header("Content-Encoding") == "gzip") == expected)
        #expect(response.body.starts(with: [0x1F, 0x8B]) == expected)
    }

    @Test("Other processes' pages are merged in, and one that does not answer is left out")
    func sources() async throws {
        let gateway = MetricsRegistry(component: "gateway")
        try gateway.gauge("stoker_gateway_level", help: "Level.").with().set(7)
        let endpoint = endpoint(sources: [{ _ in nil }, { _ in gateway.snapshot() }])
        let page = String(decoding: await endpoint.answer(ScrapeRequest()).body, as: UTF8.self)
        #expect(page.contains("stoker_gateway_level 7\n"))
        #expect(page.contains("stoker_metrics_series{component=\"test\"}"))
    }

    @Test(
        "The scraper's patience is passed on, less half a second",
        arguments: [
            (nil, .seconds(9.5)), ("10", .seconds(9.5)), ("3", .seconds(2.5)), ("0.2", .milliseconds(100)),
            ("1e9", .seconds(59.5)), ("inf", .seconds(9.5)), ("-1", .seconds(9.5)), ("nan", .seconds(9.5)),
            ("soon", .seconds(9.5)),
        ] as [(String?, Duration)])
    func patience(timeout: String?, expected: Duration) async throws {
        let asked = Mutex<Duration?>(nil)
        let endpoint = endpoint(sources: [
            { patience in
                asked.withLock { $0 = patience }
                return nil
            }
        ])
        _ = await endpoint.answer(ScrapeRequest(timeout: timeout))
        #expect(asked.withLock { $0 } == expected)
    }

    @Test("The fifth scrape at once is refused, and the next after that is served")
    func concurrentScrapes() async throws {
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let endpoint = endpoint(sources: [
            { _ in
                arrived.yield()
                for await _ in gate {}
                return nil
            }
        ])
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<MetricsEndpoint.concurrentScrapes {
                group.addTask { await endpoint.answer(ScrapeRequest()).status }
            }
            var waiting = arrivals.makeAsyncIterator()
            for _ in 0..<MetricsEndpoint.concurrentScrapes { await waiting.next() }
            let refused = await endpoint.answer(ScrapeRequest())
            #expect(refused.status == 503 && refused.header("Retry-After") == "1")
            opener.finish()
            for await status in group { #expect(status == 200) }
        }
        #expect(await endpoint.answer(ScrapeRequest()).status == 200)
    }

    @Test("How long the page took is on the next one")
    func renderDuration() async throws {
        let endpoint = endpoint(MetricsRegistry(component: "test"))
        _ = await endpoint.answer(ScrapeRequest())
        let page = String(decoding: await endpoint.answer(ScrapeRequest()).body, as: UTF8.self)
        let line = page.split(separator: "\n").first { $0.hasPrefix("stoker_metrics_render_duration_seconds{") }
        let value = try #require(line?.split(separator: " ").last.flatMap { Double($0) })
        #expect(value > 0 && value < 60)
    }

    @Test("A second endpoint of a registry spoils nothing")
    func secondEndpoint() async throws {
        let registry = stillRegistry()
        let first = endpoint(registry)
        let second = endpoint(registry)
        let page = await second.answer(ScrapeRequest()).body
        #expect(ExpositionValidator.findings(in: page, as: .text004) == [])
        withExtendedLifetime(first) {}
    }
}
