import NIOCore
import NIOPosix

/// A client that sends exactly the bytes that a test names.
struct TestClient: Sendable {
    let channel: any Channel
    let transcript: Transcript

    static func connect(to port: Int) async throws -> TestClient {
        try await connect { try await $0.connect(host: "127.0.0.1", port: port).get() }
    }

    static func connect(toSocket path: String) async throws -> TestClient {
        try await connect { try await $0.connect(unixDomainSocketPath: path).get() }
    }

    private static func connect(
        _ open: (ClientBootstrap) async throws -> any Channel
    ) async throws -> TestClient {
        let transcript = Transcript()
        let bootstrap = ClientBootstrap(group: TestGroup.shared)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TranscriptHandler(transcript))
                }
            }
        return TestClient(channel: try await open(bootstrap), transcript: transcript)
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Ends our side only, as `nc -N` does.
    func halfClose() async throws { try await channel.close(mode: .output) }

    func close() async throws { try await channel.close() }

    /// Stops reading, as a client that hangs does.
    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// Waits until so many whole responses with Content-Length or chunked bodies are there.
    func responses(_ count: Int) async -> [TestResponse] {
        let text = await transcript.wait { TestResponse.parse($0).count >= count }
        return TestResponse.parse(text)
    }

    /// Sends one request and waits for its response.
    func roundTrip(_ request: String) async throws -> TestResponse {
        let before = TestResponse.parse(transcript.text).count
        try await send(request)
        let all = await responses(before + 1)
        guard all.count > before else { throw ConnectionEnded(transcript: transcript.text) }
        return all[before]
    }

    struct ConnectionEnded: Error {
        var transcript: String
    }
}

/// A response as a test looks at it.
struct TestResponse: Equatable, Sendable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    /// Chunk framing removed.
    var body: String

    /// The whole responses in a transcript; interim ones are left out.
    static func parse(_ text: String) -> [TestResponse] {
        var reader = ResponseReading(bytes: Array(text.utf8))
        var responses: [TestResponse] = []
        while let next = reader.next() {
            if next.status >= 200 { responses.append(next) }
        }
        return responses
    }
}

/// A plain second parser, so that the gateway's own one is not its own judge.
private struct ResponseReading {
    var bytes: [UInt8]
    var index = 0

    mutating func next() -> TestResponse? {
        let start = index
        guard let head = take(until: "\r\n\r\n") else { return nil }
        var lines = head.split(separator: "\r\n")
        let status = Int(lines.removeFirst().split(separator: " ").dropFirst().first ?? "") ?? 0
        var headers: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingPrefix(" ").description
        }
        guard let body = status < 200 ? "" : body(headers) else {
            index = start
            return nil
        }
        return TestResponse(status: status, headers: headers, body: body)
    }

    private mutating func body(_ headers: [String: String]) -> String? {
        if headers["transfer-encoding"] == "chunked" { return chunks() }
        return take(Int(headers["content-length"] ?? "") ?? 0)
    }

    private mutating func chunks() -> String? {
        var body = ""
        while let line = take(until: "\r\n"), let size = Int(line, radix: 16) {
            guard let data = take(size), take(until: "\r\n") != nil else { return nil }
            if size == 0 { return body }
            body += data
        }
        return nil
    }

    private mutating func take(_ count: Int) -> String? {
        guard index + count <= bytes.count else { return nil }
        defer { index += count }
        return String(decoding: bytes[index..<index + count], as: UTF8.self)
    }

    private mutating func take(until mark: String) -> String? {
        let mark = Array(mark.utf8)
        var end = index
        while end + mark.count <= bytes.count {
            if bytes[end..<end + mark.count].elementsEqual(mark) {
                defer { index = end + mark.count }
                return String(decoding: bytes[index..<end], as: UTF8.self)
            }
            end += 1
        }
        return nil
    }
}

/// One small group for all clients and fake backends of the test run.
enum TestGroup {
    static let shared = MultiThreadedEventLoopGroup(numberOfThreads: 2)
}
