import StokerLoad
import StokerWire
import Testing

@Suite struct AnswerReaderTests {
    private static let token = "data: {\"choices\":[{\"text\":\"a\"}]}\n\n"
    private static let done = "data: [DONE]\n\n"
    private static let stream =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n" }

    private func read(
        _ parts: [String], endpoint: LoadTarget.Endpoint = .completions, thenClosed: Bool = false
    ) -> (AnswerReader, AnswerReader.Progress) {
        var reader = AnswerReader(endpoint)
        var progress = AnswerReader.Progress.more
        for (index, part) in parts.enumerated() where progress == .more {
            let bytes = Array(part.utf8)
            progress = reader.take(bytes.span, at: Nanoseconds(index + 1))
        }
        if thenClosed, progress == .more { progress = reader.closed(at: 99) }
        return (reader, progress)
    }

    @Test func `a whole stream is a success and the connection goes on`() {
        let (reader, progress) = read([Self.stream, Self.chunk(Self.token), Self.chunk(Self.done), "0\r\n\r\n"])
        #expect(progress == .whole(reusable: true))
        #expect(reader.outcome == .ok)
        #expect(reader.headAt == 1)
        #expect(reader.marks.firstToken == 2)
    }

    @Test func `in single bytes it reads the same`() {
        let text = Self.stream + Self.chunk(Self.token) + Self.chunk(Self.done) + "0\r\n\r\n"
        let (reader, progress) = read(text.utf8.map { String(UnicodeScalar($0)) })
        #expect(progress == .whole(reusable: true))
        #expect(reader.outcome == .ok)
        #expect(reader.byteCount == text.utf8.count)
    }

    @Test(
        arguments: [
            ("no token", Outcome.noToken, [done]), ("no end", .unfinished, [token]),
            ("an error in it", .streamError, [token, "data: {\"error\":{\"message\":\"boom\"}}\n\n", done]),
            ("an error first", .streamError, ["data: {\"error\":{\"message\":\"boom\"}}\n\n"]),
            ("nothing", .noToken, []),
        ] as [(String, Outcome, [String])])
    func `a 200 whose stream has`(what: String, outcome: Outcome, events: [String]) {
        let (reader, progress) = read([Self.stream] + events.map(Self.chunk) + ["0\r\n\r\n"])
        #expect(progress == .whole(reusable: true), "\(what)")
        #expect(reader.outcome == outcome, "\(what)")
    }

    @Test(arguments: [
        (301, Outcome.redirect), (400, .clientError), (404, .clientError), (429, .rateLimited), (500, .serverError),
        (502, .serverError), (503, .unavailable),
    ])
    func `each status has its class, and its words are kept`(status: Int, outcome: Outcome) {
        let (reader, progress) = read(["HTTP/1.1 \(status) X\r\nContent-Length: 9\r\n\r\nsome text"])
        #expect(progress == .whole(reusable: true))
        #expect(reader.outcome == outcome)
        #expect(reader.sample == "some text")
    }

    @Test func `a page instead of an answer is a failure`() {
        let (reader, _) = read(["HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"])
        #expect(reader.outcome == .wrongContentType)
        #expect(reader.sample == "<html>")
    }

    @Test func `a whole answer gives its usage`() {
        let body = #"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":3,"completion_tokens":8}}"#
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        let (reader, _) = read([head + body])
        #expect(reader.outcome == .ok)
        #expect(reader.usage?.output == 8)
    }

    @Test func `an error object with status 200 is an error`() {
        let body = #"{"error":{"message":"no such model"}}"#
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        #expect(read([head + body]).0.outcome == .streamError)
    }

    @Test(arguments: [
        ("before any byte", [] as [String], Outcome.closedEarly), ("in the head", ["HTTP/1.1 200 O"], .truncated),
        ("in a body of known length", ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"], .truncated),
        ("in a chunk", [stream, "20\r\ndata:"], .truncated), ("between chunks", [stream, chunk(token)], .truncated),
    ])
    func `a connection that ends`(when: String, parts: [String], outcome: Outcome) {
        #expect(read(parts, thenClosed: true).1 == .failed(outcome), "\(when)")
    }

    @Test func `a body without a length ends with the connection`() {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        let (reader, progress) = read([head, Self.token + Self.done], thenClosed: true)
        #expect(progress == .whole(reusable: false))
        #expect(reader.outcome == .ok)
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 101 Switching\r\n\r\n",
    ])
    func `what is no HTTP is malformed`(text: String) {
        #expect(read([text]).1 == .failed(.malformed))
    }

    @Test func `an interim head makes way for the final one`() {
        let (reader, progress) = read([
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: application/json\r\n\r\n"
        ])
        #expect(progress == .whole(reusable: true))
        #expect(reader.status == 200)
    }

    @Test func `more bytes than the answer has are not trusted`() {
        let (_, progress) = read(["HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"], endpoint: .http)
        #expect(progress == .whole(reusable: false))
    }

    @Test func `plain HTTP takes any content`() {
        let (reader, _) = read(["HTTP/1.1 204 No Content\r\n\r\n"], endpoint: .http)
        #expect(reader.outcome == .ok)
    }

    @Test func `an event beyond the bound ends the reading`() {
        let piece = String(repeating: "x", count: 1 << 20)
        let (_, progress) = read([Self.stream] + Array(repeating: Self.chunk(piece), count: 18))
        #expect(progress == .failed(.eventTooLarge))
    }
}
