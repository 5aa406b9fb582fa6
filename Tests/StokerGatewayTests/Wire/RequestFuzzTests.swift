import NIOCore
import StokerCore
import StokerGateway
import StokerTesting
import StokerWire
import Testing

/// Requests made by the rules of HTTP and then damaged; the seed is the argument, so that a failing one runs again.
@Suite struct RequestFuzzTests {
    private static let limits = (maxHead: 400, maxBody: 200)

    /// One request as the gateway understands it.
    private struct Understood: Equatable {
        var line: String
        var framing: BodyFraming
        var fields: [String]
        var keepsAlive: Bool
        var body: [UInt8] = []
    }

    private struct Reading: Equatable {
        var requests: [Understood] = []
        var pending: Understood?
        var fault: RequestFault?
    }

    private func read(_ pieces: [ArraySlice<UInt8>]) -> Reading {
        var reader = RequestReader(maxHead: Self.limits.maxHead, maxBody: Self.limits.maxBody)
        var reading = Reading()
        for piece in pieces {
            reader.feed(ByteBuffer(bytes: piece))
            do throws(RequestFault) {
                try take(from: &reader, into: &reading)
            } catch {
                reading.fault = error
                return reading
            }
            // What waits is at most a head or a body that has not come whole.
            #expect(reader.buffered < max(Self.limits.maxHead, Self.limits.maxBody))
        }
        return reading
    }

    private func take(from reader: inout RequestReader, into reading: inout Reading) throws(RequestFault) {
        while true {
            switch try reader.next() {
            case .needsMore: return
            case .head(let head): reading.pending = understood(head)
            case .complete(let body):
                guard var request = reading.pending else { return }
                request.body = Array(body.readableBytesView)
                reading.requests.append(request)
                reading.pending = nil
            }
        }
    }

    private func understood(_ head: RequestHead) -> Understood {
        let bytes = head.bytes.readableBytesUInt8Span
        let version = head.isHTTP10 ? "1.0" : "1.1"
        let fields = head.fields.filter { ![.contentLength, .transferEncoding].contains($0.known) }
        return Understood(
            line: "\(head.method.rawValue) \(bytes.text(in: head.target)) HTTP/\(version)", framing: head.framing,
            fields: fields.map { "\(bytes.text(in: $0.name)):\(bytes.text(in: $0.value))" }, keepsAlive: head.keepsAlive
        )
    }

    /// A request by the rules: any method, odd fields, a body of known length or in chunks.
    private func request(_ random: inout SeededGenerator) -> [UInt8] {
        let method = ["GET", "POST", "POST", "DELETE", "HEAD"].randomElement(using: &random) ?? "GET"
        let query = random.chance(0.3) ? "?\(random.word(0...5))=%2f" : ""
        let version = random.chance(0.1) ? "1.0" : "1.1"
        var fields = ["Host: \(["h", "a.b:80", "[::1]:1"].randomElement(using: &random) ?? "h")"]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            fields.append("X-\(random.word(1...5)):\(random.word(0...9)) ")
        }
        if random.chance(0.2) { fields.append("Connection: \(random.chance(0.5) ? "close" : "keep-alive, x-a")") }
        if random.chance(0.1) { fields.append("Expect: 100-continue") }
        let body = Array(random.word(0...30).utf8)
        var sent: [UInt8] = []
        if random.chance(0.4), version == "1.1" {
            fields.append("Transfer-Encoding: chunked")
            for piece in random.pieces(of: body, longest: 8) {
                sent += Array("\(String(piece.count, radix: 16))\(random.chance(0.1) ? ";a=b" : "")\r\n".utf8) + piece
                sent += Array("\r\n".utf8)
            }
            sent += Array("0\r\n\(random.chance(0.2) ? "T: u\r\n" : "")\r\n".utf8)
        } else if !body.isEmpty {
            fields.append("Content-Length: \(body.count)")
            sent = body
        }
        fields.shuffle(using: &random)
        let head =
            "\(method) /\(random.word(0...8))\(query) HTTP/\(version)\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n"
        return Array(head.utf8) + sent
    }

    /// The same request in the one form in which the gateway would write it.
    private func rewritten(_ request: Understood) -> [UInt8] {
        let fields = request.fields.map { $0 + "\r\n" }.joined()
        let length = request.body.isEmpty ? "" : "Content-Length: \(request.body.count)\r\n"
        return Array("\(request.line)\r\n\(fields)\(length)\r\n".utf8) + request.body
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `requests by the rules are all taken, however the bytes came`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let requests = (0..<3).map { _ in request(&random) }
        let bytes = Array(requests.joined())
        let whole = read([bytes[...]])
        #expect(whole.requests.count == 3 && whole.fault == nil && whole.pending == nil)
        for pieces in random.cuts(of: bytes) { #expect(read(pieces) == whole) }
        #expect(requests.flatMap { read([$0[...]]).requests } == whole.requests)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `damaged requests mean one thing, however the bytes came, and the same when they are written anew`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<8 {
            var bytes = request(&random) + request(&random)
            for _ in 0..<Int.random(in: 1...4, using: &random) { random.mutate(&bytes) }
            let whole = read([bytes[...]])
            for pieces in random.cuts(of: bytes) {
                let text = String(decoding: bytes, as: UTF8.self).debugDescription
                #expect(read(pieces) == whole, "seed \(seed): \(text)")
            }
            for request in whole.requests {
                let again = read([rewritten(request)[...]])
                #expect(again.fault == nil && again.requests.count == 1)
                #expect(again.requests.first.map(plain) == plain(request))
            }
        }
    }

    /// Without the framing, which writing anew may change from chunks to a length.
    private func plain(_ request: Understood) -> Understood {
        var plain = request
        plain.framing = .none
        return plain
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `noise is never a request`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            let bytes = (0..<Int.random(in: 1...600, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let whole = read([bytes[...]])
            #expect(whole.requests.isEmpty)
            #expect(read(bytes.indices.map { bytes[$0...$0] }) == whole)
        }
    }
}
