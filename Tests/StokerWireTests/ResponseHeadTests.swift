import StokerCore
import StokerTesting
import StokerWire
import Testing

@Suite struct ResponseHeadTests {
    private static let samples = [
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 503\r\nContent-Length: 12\r\nConnection: X-A, close\r\nX-A: 1\r\nRetry-After: 1\r\n\r\n",
        "HTTP/1.0 200 \r\nContent-Type: application/problem+json\r\nEmpty:\r\n\r\n",
    ]

    /// The head written anew from what was understood.
    private func rewritten(_ head: ResponseHead, _ bytes: [UInt8]) -> [UInt8] {
        let fields = head.fields.flatMap { bytes[$0.name] + Array(": ".utf8) + bytes[$0.value] + Array("\r\n".utf8) }
        let version = Array(bytes[..<8])
        return version + Array(" \(head.status) X\r\n".utf8) + fields + Array("\r\n".utf8)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `a head that is taken means the same when it is written anew`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for sample in Self.samples {
            for changes in 0..<20 {
                var bytes = Array(sample.utf8)
                for _ in 0..<changes / 4 { random.mutate(&bytes) }
                var finder = HeadFinder()
                guard (try? finder.end(in: bytes.span, limit: 1000)) == bytes.count,
                    let head = try? ResponseHead.parse(bytes.span)
                else { continue }
                let again = rewritten(head, bytes)
                let second = try ResponseHead.parse(again.span)
                #expect(second.status == head.status && second.framing == head.framing)
                #expect(second.keepsAlive == head.keepsAlive && second.content == head.content)
                #expect(second.nominated == head.nominated)
                #expect(second.fields.map { again[$0.value] } == head.fields.map { bytes[$0.value] })
                #expect(head.fields.allSatisfy { $0.line.upperBound <= bytes.count - 2 })
            }
        }
    }

    @Test(arguments: [1, 12, 13, 14, 15, 16])
    func `a head that is cut short is a fault`(length: Int) {
        let bytes = Array(Self.samples[0].utf8.prefix(length))
        #expect(throws: WireFault.statusLine) { try ResponseHead.parse(bytes.span) }
    }

    @Test func `a Connection of more names than anybody means is a fault`() throws {
        func head(_ names: Int) -> [UInt8] {
            Array("HTTP/1.1 200 OK\r\nConnection: \((0..<names).map { "a\($0)" }.joined(separator: ","))\r\n\r\n".utf8)
        }
        #expect(try ResponseHead.parse(head(16).span).nominated.count == 16)
        #expect(throws: WireFault.connection) { try ResponseHead.parse(head(17).span) }
    }
}
