import StokerAdmin
import StokerCore
import StokerMetrics
import Synchronization
import Testing

@Suite("The metrics page")
struct MetricsPageTests {
    private func scrape(_ headers: [String: String] = [:]) async -> AdminResponse {
        await api().respond(to: AdminRequest("/metrics", headers: headers))
    }

    @Test("is text 0.0.4 unless another form is asked for")
    func text() async {
        let response = await scrape()
        #expect(response.status == 200)
        #expect(response.contentType == "text/plain; version=0.0.4; charset=utf-8")
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(text.contains("# TYPE stoker_tests_total counter\n"))
        #expect(text.contains("stoker_tests_total 7\n"))
        #expect(response.headers["Content-Encoding"] == nil)
        #expect(response.headers["Process-Start-Time-Unix"] == "1700000000")
    }

    @Test("is OpenMetrics for whom it may concern")
    func openMetrics() async {
        let response = await scrape(["accept": "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5"])
        #expect(response.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(String(decoding: response.body, as: UTF8.self).hasSuffix("# EOF\n"))
    }

    @Test(
        "is packed when the scraper can unpack it",
        arguments: ["gzip", "deflate, gzip;q=0.5", "GZIP", "*", "br, *;q=0.1"])
    func gzip(accept: String) async {
        let response = await scrape(["accept-encoding": accept])
        #expect(response.headers["Content-Encoding"] == "gzip")
        #expect(response.body.prefix(2) == [0x1F, 0x8B])
    }

    @Test(
        "is not packed for others",
        arguments: ["", "identity", "gzip;q=0", "gzip; q=0.0", "deflate", "*;q=0", "gzip;q=x", "*, gzip;q=0"])
    func plain(accept: String) async {
        let response = await scrape(["accept-encoding": accept])
        #expect(response.headers["Content-Encoding"] == nil)
        #expect(response.headers["Vary"] == "Accept, Accept-Encoding")
    }

    @Test(
        "gives its collectors half a second less than the scraper waits",
        arguments: [
            ("10", 9500), ("1.5", 1000), ("0.1", 100), ("1000", 59_500), ("x", 9500), ("-1", 9500), ("nan", 9500),
            ("inf", 9500), ("1e300", 59_500), (nil, 9500),
        ] as [(String?, Int64)])
    func budget(header: String?, milliseconds: Int64) async {
        let given = Mutex(Duration.zero)
        let api = api(source: { budget in
            given.withLock { $0 = budget }
            return onePage()
        })
        let headers = header.map { ["x-prometheus-scrape-timeout-seconds": $0] } ?? [:]
        _ = await api.respond(to: AdminRequest("/metrics", headers: headers))
        #expect(given.withLock { $0 } == .milliseconds(milliseconds))
    }

    @Test("turns the fifth scraper away at once while four are inside, and lets the next in when one has left")
    func crowd() async {
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let api = api(source: { _ in
            enter.yield()
            for await _ in gate { break }
            return onePage()
        })
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { await api.respond(to: AdminRequest("/metrics")).status } }
            var inside = 0
            for await _ in entered {
                inside += 1
                if inside == 4 { break }
            }
            let fifth = await api.respond(to: AdminRequest("/metrics"))
            #expect(fifth.status == 503)
            #expect(fifth.headers["Retry-After"] == "1")
            open.finish()
            for await status in group { #expect(status == 200) }
        }
        #expect(await api.respond(to: AdminRequest("/metrics")).status == 200)
    }
}
