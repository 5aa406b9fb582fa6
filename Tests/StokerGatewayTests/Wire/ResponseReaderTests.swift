import NIOCore
import StokerGateway
import StokerWire
import Testing

@Suite("Reading responses")
struct ResponseReaderTests {
    static func steps(of parts: [String]) -> [String] {
        var reader = ResponseReader()
        reader.expectResponse()
        var steps: [String] = []
        var data: [UInt8] = []
        for part in parts {
            let bytes = Array(part.utf8)
            var index = 0
            do throws(WireFault) {
                loop: while true {
                    switch try reader.next(bytes.span, at: &index) {
                    case .needsMore: break loop
                    case .head(let head, _): steps.append("\(head.status) \(head.framing) stream=\(head.isEventStream)")
                    case .data(let range): data += bytes[range]
                    case .end(let reusable):
                        steps.append("end reusable=\(reusable)")
                        break loop
                    }
                }
            } catch {
                return steps + ["fault \(error)"]
            }
        }
        return steps + ["data \(String(decoding: data, as: UTF8.self))", "\(reader.ending)"]
    }

    @Test(arguments: [10, 5000])
    func `a head in use keeps its bytes when the next one comes over the same connection`(size: Int) throws {
        var reader = ResponseReader()
        func read(_ letter: String) throws -> ByteBuffer? {
            let mark = String(repeating: letter, count: size)
            let bytes = Array("HTTP/1.1 200 OK\r\nX-Mark: \(mark)\r\nContent-Length: 0\r\n\r\n".utf8)
            var (index, found) = (0, ByteBuffer?.none)
            reader.expectResponse()
            while true {
                switch try reader.next(bytes.span, at: &index) {
                case .head(_, let head): found = head
                case .end, .needsMore: return found
                case .data: break
                }
            }
        }
        let kept = try ["a", "b", "c"].map(read)
        // Nobody keeps this one: the next may take its place.
        _ = try read("d")
        let last = try read("e")
        for (head, letter) in zip(kept + [last], ["a", "b", "c", "e"]) {
            #expect(head.map { String(buffer: $0) }?.contains(String(repeating: letter, count: size)) == true)
        }
    }

    @Test(
        "bodies end where they say",
        arguments: [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
                ["200 length(2) stream=false", "end reusable=true", "data ab"]
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabX",
                ["200 length(2) stream=false", "end reusable=false", "data ab"]
            ),
            ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", ["200 none stream=false", "end reusable=true", "data "]),
            (
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                ["200 none stream=false", "end reusable=false", "data "]
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                ["200 chunked stream=true", "end reusable=true", "data ab"]
            ),
            ("HTTP/1.1 204 No\r\n\r\n", ["204 none stream=false", "end reusable=true", "data "]),
            (
                "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 304 Not\r\n\r\n",
                ["304 none stream=false", "end reusable=true", "data "]
            ),
        ])
    func bodies(_ text: String, _ expected: [String]) {
        #expect(Self.steps(of: [text]).dropLast() == expected[...])
        #expect(Self.steps(of: text.map(String.init)).first == expected.first)
    }

    @Test("a body without a length ends with the connection, a counted one must not")
    func endings() {
        #expect(
            Self.steps(of: ["HTTP/1.0 200 OK\r\n\r\nhello"]) == [
                "200 untilClose stream=false", "data hello", "complete",
            ])
        #expect(Self.steps(of: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel"]).last == "truncated")
        #expect(Self.steps(of: ["HTTP/1.1 200"]).last == "early")
        #expect(Self.steps(of: []).last == "early")
    }

    @Test(
        "answers that could be read in two ways are faults",
        arguments: [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                WireFault.conflictingLengths
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .contentLength),
            ("HTTP/1.1 99 OK\r\n\r\n", .statusLine), ("HTTP/1.1 1000 OK\r\n\r\n", .statusLine),
            ("HTTP/2 200 OK\r\nA: b\r\n\r\n", .statusLine), ("junk\r\n\r\n", .statusLine),
            ("HTTP/1.1 101 Up\r\n\r\n", .unexpectedInterim), ("HTTP/1.1 200 OK\nA: b\n\n", .bareLineFeed),
            (String(repeating: "HTTP/1.1 100 Go\r\n\r\n", count: 20), .unexpectedInterim),
            ("HTTP/1.1 200 OK\r\nA: " + String(repeating: "b", count: 70_000), .headTooLarge),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .transferEncoding),
            ("HTTP/1.1 200 OK\r\nA: \u{0}\r\n\r\n", .fieldValue),
        ])
    func faults(_ text: String, _ expected: WireFault) {
        #expect(Self.steps(of: [text]).last == "fault \(expected)")
    }
}
