import StokerLoad
import Testing

@Suite struct TargetOrderTests {
    private func refusal(_ change: (inout TargetOrder) -> Void) -> String {
        var order = TargetOrder()
        change(&order)
        do throws(LoadError) {
            _ = try order.target()
            return "accepted"
        } catch {
            return error.message
        }
    }

    @Test func `the gateway of this machine by itself`() throws {
        let target = try TargetOrder().target()
        let expected = LoadTarget(host: "127.0.0.1", port: 8080, path: "/v1/chat/completions", endpoint: .chat)
        #expect(target == expected)
    }

    @Test func `a key becomes a bearer token`() throws {
        var order = TargetOrder()
        order.key = "sk-1"
        #expect(try order.target().headers == [LoadTarget.Header(name: "Authorization", value: "Bearer sk-1")])
        order.key = ""
        #expect(try order.target().headers.isEmpty)
    }

    @Test(arguments: ["sk\n", "s k", "ключ"])
    func `a broken key is refused without being shown`(key: String) {
        let text = refusal { $0.key = key }
        #expect(text.hasPrefix("--api-key holds") && !text.contains(key))
    }

    @Test func `headers as curl takes them`() throws {
        var order = TargetOrder()
        order.headers = ["X-Team: search", "x-empty:", "X-Time: 12:30"]
        let pairs = try order.target().headers.map { [$0.name, $0.value] }
        #expect(pairs == [["X-Team", "search"], ["x-empty", ""], ["X-Time", "12:30"]])
    }

    @Test(arguments: ["", ":", "no colon", ": value", "na me: x", "a: b\r\nc: d", "ü: x"])
    func `what is no header is refused without being shown`(text: String) {
        #expect(refusal { $0.headers = [text] }.hasPrefix("--header: "))
    }

    @Test(arguments: ["Host: x", "content-length: 5", "Transfer-Encoding: chunked", "CONNECTION: close"])
    func `headers that frame a message are not for people`(text: String) {
        #expect(refusal { $0.headers = [text] }.hasSuffix("is written by the load test itself"))
    }

    @Test func `a path of one's own`() throws {
        var order = TargetOrder()
        order.path = "/api/generate"
        #expect(try order.target().path == "/api/generate")
        #expect(refusal { $0.path = "generate" }.hasPrefix("--endpoint: 'generate' is no path"))
        #expect(refusal { $0.path = "/a b" }.hasPrefix("--endpoint: "))
    }

    @Test func `plain HTTP is never a stream`() throws {
        var order = TargetOrder()
        order.endpoint = "http"
        order.url = "http://h:1/ping"
        let target = try order.target()
        #expect(!target.isStreamed && target.path == "/ping")
    }

    @Test func `an unknown kind of endpoint names those there are`() {
        #expect(
            refusal { $0.endpoint = "grpc" }
                == "--endpoint-type: 'grpc' is none of chat, completions, http; try --endpoint-type chat")
    }

    @Test(arguments: [
        ("http://h:1", "http://h:1/v1/models"), ("https://h/v1", "https://h:443/v1/models"),
        ("http://h/team/v1", "http://h:80/team/v1/models"),
        ("http://[::1]:8/v1/chat/completions?x=1", "http://[::1]:8/v1/models"),
        ("unix:/run/e.sock", "http://localhost:80/v1/models"),
    ])
    func `where the list of models is`(url: String, models: String) throws {
        var order = TargetOrder()
        order.url = url
        #expect(TargetOrder.modelsURL(of: try order.target()) == models)
    }
}
