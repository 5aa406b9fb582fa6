import NIOCore
import StokerGateway
import StokerWire
import Testing

@Suite("Reading requests")
struct RequestReaderTests {
    /// What a reader makes of some bytes, in a form that can be compared.
    static func steps(of parts: [[UInt8]], maxHead: Int = 32 << 10, maxBody: Int = 8 << 20) -> [String] {
        var reader = RequestReader(maxHead: maxHead, maxBody: maxBody)
        var steps: [String] = []
        for part in parts {
            reader.feed(ByteBuffer(bytes: part))
            do throws(RequestFault) {
                loop: while true {
                    switch try reader.next() {
                    case .needsMore: break loop
                    case .head(let head): steps.append("\(head.method.rawValue) \(head.pathText) \(head.framing)")
                    case .complete(let body): steps.append("body \(String(buffer: body))")
                    }
                }
            } catch {
                return steps + ["fault \(error)"]
            }
        }
        return steps
    }

    static func fault(_ text: String) -> RequestFault? {
        var reader = RequestReader(maxHead: 32 << 10, maxBody: 8 << 20)
        reader.feed(ByteBuffer(string: text))
        do throws(RequestFault) {
            while true {
                if case .needsMore = try reader.next() { return nil }
            }
        } catch {
            return error
        }
    }

    static func post(_ headers: String, _ body: String = "") -> String {
        "POST /v1/x HTTP/1.1\r\nHost: h\r\n\(headers)\r\n\(body)"
    }

    @Test(arguments: [10, 3000, 5000])
    func `a request in use keeps its bytes when the next one comes over the same connection`(size: Int) throws {
        var reader = RequestReader(maxHead: 32 << 10, maxBody: 8 << 20)
        func read(_ letter: String) throws -> (RequestHead, ByteBuffer) {
            let body = String(repeating: letter, count: size)
            let text = Array(Self.post("X-Mark: \(letter)\r\nContent-Length: \(size)\r\n", body).utf8)
            reader.feed(text.span)
            guard case .head(let head) = try reader.next(), case .complete(let body) = try reader.next() else {
                throw RequestFault.headTooLarge
            }
            return (head, body)
        }
        let kept = try ["a", "b", "c"].map(read)
        // Nobody keeps this one: the next may take its place.
        _ = try read("d")
        let last = try read("e")
        for ((head, body), letter) in zip(kept + [last], ["a", "b", "c", "e"]) {
            #expect(String(buffer: head.bytes).contains("X-Mark: \(letter)\r\n"))
            #expect(String(buffer: body) == String(repeating: letter, count: size))
        }
    }

    @Test(
        "requests that two parsers could read differently are refused",
        arguments: [
            // RFC 9112 section 6.3: both lengths, in either order.
            (post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), WireFault.conflictingLengths),
            (post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), .conflictingLengths),
            (post("Content-Length: 3\r\nContent-Length: 3\r\n"), .contentLength),
            (post("Content-Length: 3\r\nContent-Length: 4\r\n"), .contentLength),
            (post("Content-Length: 3,3\r\n"), .contentLength), (post("Content-Length:\r\n"), .contentLength),
            (post("Content-Length: +3\r\n"), .contentLength), (post("Content-Length: -3\r\n"), .contentLength),
            (post("Content-Length: 0x3\r\n"), .contentLength), (post("Content-Length: 3_0\r\n"), .contentLength),
            (post("Content-Length: 03\r\n"), .contentLength), (post("Content-Length: 3 3\r\n"), .contentLength),
            (post("Content-Length: 18446744073709551619\r\n"), .contentLength),
            (post("Content-Length: 99999999999999999999\r\n"), .contentLength),
            (post("Content-Length: \u{a0}3\r\n"), .contentLength),
            (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), .transferEncoding),
            (post("Transfer-Encoding: ,chunked\r\n"), .transferEncoding),
            (post("Transfer-Encoding: chunked,\r\n"), .transferEncoding),
            (post("Transfer-Encoding: xchunked\r\n"), .transferEncoding),
            (post("Transfer-Encoding: chunked;q=1\r\n"), .transferEncoding),
            (post("Transfer-Encoding: identity\r\n"), .transferEncoding),
            (post("Transfer-Encoding: gzip, chunked\r\n"), .transferEncoding),
            (post("Transfer-Encoding: chunked, gzip\r\n"), .transferEncoding),
            (post("Transfer-Encoding: \u{b}chunked\r\n"), .fieldValue),
            (post("Transfer-Encoding: \u{c}chunked\r\n"), .fieldValue),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .encodingInHTTP10),
            (post("A: b\r\n c\r\n"), .foldedLine), (post("A: b\r\n\tc\r\n"), .foldedLine),
            ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", .foldedLine),
            (post("A : b\r\n"), .fieldName), (post(": b\r\n"), .fieldName), (post("A\r\n"), .noColon),
            (post("A\u{e9}: b\r\n"), .fieldName), (post("A\u{0}: b\r\n"), .fieldName),
            (post("A: \u{0}\r\n"), .fieldValue), (post("A: b\rc\r\n"), .badLineEnd),
            (post("A: b\r\r\n"), .badLineEnd), (post("A: \u{7f}\r\n"), .fieldValue),
            ("GET / HTTP/1.1\nHost: h\n\n", .bareLineFeed), ("GET / HTTP/1.1\r\nHost: h\n\r\n", .bareLineFeed),
            ("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine),
            ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine), ("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine),
            (" GET / HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine), ("GET /\r\nHost: h\r\n\r\n", .requestLine),
            ("GET / a HTTP/1.1\r\nHost: h\r\n\r\n", .version), ("GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine),
            ("GET /\\a HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine),
            ("GET /é HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine),
            ("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", .target), ("GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", .target),
            ("GET * HTTP/1.1\r\nHost: h\r\n\r\n", .target), ("GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", .target),
            ("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", .target), ("GET /% HTTP/1.1\r\nHost: h\r\n\r\n", .target),
            ("GET / HTTP/1.10\r\nHost: h\r\n\r\n", .version), ("GET / HTTP/1.1x\r\nHost: h\r\n\r\n", .version),
            ("GET / http/1.1\r\nHost: h\r\n\r\n", .version), ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", .version),
            ("GET / HTTP/1.1\r\n\r\n", .host), ("GET / HTTP/1.1\r\nHost:\r\n\r\n", .host),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .host), ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .host),
            ("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", .host), ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .host),
            ("GET / HTTP/1.1\r\nHost: h/p\r\n\r\n", .host), ("GET / HTTP/1.1\r\nHost: h:x\r\n\r\n", .host),
            ("GET / HTTP/1.1\r\nHost: h:70000\r\n\r\n", .host), ("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", .host),
            ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .host), (post("Connection: a b\r\n"), .connection),
            (post("Connection: " + String(repeating: "a,", count: 17) + "\r\n"), .connection),
        ])
    func smuggling(_ text: String, _ expected: WireFault) {
        #expect(Self.fault(text) == .malformed(expected))
    }

    @Test(
        "chunked bodies are taken to the letter",
        arguments: [
            ("\r\n", WireFault.chunkSize), ("0x5\r\nhello\r\n0\r\n\r\n", .chunkSize), ("+5\r\nhello", .chunkSize),
            ("-1\r\n", .chunkSize), ("5_0\r\n", .chunkSize), (" 5\r\n", .chunkSize), ("5 \r\n", .chunkSize),
            ("0000000000005\r\n", .chunkSize), ("10000000000000005\r\n", .chunkSize), ("5\nhello", .chunkSize),
            ("5\rhello", .badLineEnd), ("5\r\nhelloX", .chunkEnd), ("5\r\nhello\rX", .chunkEnd),
            ("5\r\nhello\n", .chunkEnd), ("5;\r\n", .chunkExtension), ("5;a\n", .chunkExtension),
            ("5;" + String(repeating: "a", count: 300), .chunkExtension),
            (String(repeating: "1;" + String(repeating: "a", count: 200) + "\r\nx\r\n", count: 100), .chunkOverhead),
            ("5\r\nhello\r\n\r\n0\r\n\r\n", .chunkSize),
            ("0\r\n\rX", .trailer), ("0\r\nA b\r\n\r\n", .trailer), ("0\r\n A: b\r\n\r\n", .trailer),
            ("0\r\nA: b\n\r\n", .trailer), ("0\r\nA: " + String(repeating: "b", count: 9000), .trailer),
        ])
    func chunks(_ body: String, _ expected: WireFault) {
        #expect(Self.fault(Self.post("Transfer-Encoding: chunked\r\n", body)) == .malformed(expected))
    }

    @Test("methods, versions and sizes have their own answers")
    func otherFaults() {
        #expect(Self.fault("get / HTTP/1.1\r\nHost: h\r\n\r\n") == .unknownMethod)
        #expect(Self.fault("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n") == .unknownMethod)
        #expect(Self.fault("GET / HTTP/2.0\r\nHost: h\r\n\r\n") == .unsupportedVersion)
        #expect(Self.fault("GET / HTTP/0.9\r\nHost: h\r\n\r\n") == .unsupportedVersion)
        #expect(Self.fault(Self.post("Content-Length: 8388609\r\n")) == .bodyTooLarge)
        #expect(Self.fault("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 32 << 10)) == .headTooLarge)
        #expect(Self.fault(Self.post("Expect: 200-maybe\r\n")) == .unknownExpectation)
        #expect(Self.fault("POST / HTTP/1.0\r\nExpect: 200-maybe\r\n\r\n") == nil, "HTTP/1.0 knows none")
        #expect(Self.fault(Self.post("Expect: 100-continue\r\nExpect: 100-continue\r\n")) == .unknownExpectation)
        #expect(Self.fault(Self.post(String(repeating: "A: b\r\n", count: 99))) == nil)
        #expect(Self.fault(Self.post(String(repeating: "A: b\r\n", count: 100))) == .headTooLarge)
    }

    @Test(
        "what HTTP allows is taken",
        arguments: [
            "GET / HTTP/1.0\r\n\r\n", "GET /a?b=c&d=%20 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
            "DELETE /v1/x HTTP/1.1\r\nHost: a.b\r\nContent-Length: 2\r\n\r\n{}",
            post("Transfer-Encoding: CHUNKED\r\n", "5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"),
            post("A:b\r\nC: \t d \r\nE:\r\nF: \u{e9}\r\n"), post("Connection: Keep-Alive, , x\r\n"),
        ])
    func allowed(_ text: String) {
        #expect(Self.fault(text) == nil)
    }

    static let samples = [
        post("Content-Length: 5\r\n", "hello") + post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n")
            + "GET /v1/models HTTP/1.1\r\nHost: h\r\n\r\n",
        post("Content-Length: 5\r\nContent-Length: 5\r\n"), "GET / HTTP/1.1\r\nHost: h\r\nA: b\n\r\n",
        post("Transfer-Encoding: chunked\r\n", "3\r\nabcX\r\n"), post("A: b\r\n c\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n") + "X",
    ]

    @Test("the same steps come out wherever the bytes were split", arguments: samples)
    func splits(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = Self.steps(of: [bytes])
        for offset in 0...bytes.count {
            #expect(Self.steps(of: [Array(bytes[..<offset]), Array(bytes[offset...])]) == whole)
        }
        #expect(Self.steps(of: bytes.map { [$0] }) == whole)
    }
}
