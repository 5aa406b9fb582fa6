import NIOCore
import StokerCore
import StokerGateway
import StokerTesting
import StokerWire
import Testing

/// Answers made by the rules of HTTP and then damaged; the seed is the argument, so that a failing one runs again.
@Suite struct ResponseFuzzTests {
    /// One answer as the gateway understands it.
    private struct Reading: Equatable {
        var head: String?
        /// Body data, framing removed.
        var data: [UInt8] = []
        var isWhole = false
        var ending: ResponseReader.Ending?
        var fault: WireFault?
    }

    private func read(_ pieces: [ArraySlice<UInt8>]) -> Reading {
        var reader = ResponseReader()
        reader.expectResponse()
        var reading = Reading()
        for piece in pieces where !reading.isWhole {
            let bytes = Array(piece)
            do throws(WireFault) {
                try take(bytes, from: &reader, into: &reading)
            } catch {
                reading.fault = error
                return reading
            }
        }
        reading.ending = reading.isWhole ? nil : reader.ending
        return reading
    }

    private func take(
        _ bytes: [UInt8], from reader: inout ResponseReader, into reading: inout Reading
    ) throws(WireFault) {
        var index = 0
        while !reading.isWhole {
            switch try reader.next(bytes.span, at: &index) {
            case .needsMore: return
            case .head(let head, let bytes):
                let places = head.fields.map { bytes.readableBytesUInt8Span.text(in: $0.value) }
                reading.head = "\(head.status) \(head.framing) \(head.content) \(places)"
            case .data(let range): reading.data += bytes[range]
            // Whether anything came behind it depends on when one looks.
            case .end: reading.isWhole = true
            }
        }
    }

    /// An answer by the rules, and the data in it.
    private func answer(_ random: inout SeededGenerator) -> (bytes: [UInt8], data: [UInt8]) {
        let interims = random.chance(0.2) ? "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" : ""
        let data = Array(random.word(0...60).utf8)
        let kind = ["text/event-stream", "application/json", "text/html"].randomElement(using: &random) ?? ""
        let head =
            "\(interims)HTTP/1.1 \([200, 404, 503].randomElement(using: &random) ?? 200) \(random.word(0...5))\r\nContent-Type: \(kind)\r\n"
        if random.chance(0.3) { return (Array("\(head)Content-Length: \(data.count)\r\n\r\n".utf8) + data, data) }
        var bytes = Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8)
        for piece in random.pieces(of: data, longest: 12) {
            bytes += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
        }
        return (bytes + Array("0\r\n\r\n".utf8), data)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `answers by the rules give their data, however the bytes came`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (bytes, data) = answer(&random)
        let whole = read([bytes[...]])
        #expect(whole.isWhole && whole.data == data)
        for pieces in random.cuts(of: bytes) { #expect(read(pieces) == whole) }
        // One byte less is never a whole answer, unless it was the body's last of none.
        #expect(!read([bytes.dropLast()]).isWhole)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `damaged answers mean one thing, however the bytes came`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<8 {
            var bytes = answer(&random).bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) { random.mutate(&bytes) }
            let whole = read([bytes[...]])
            for pieces in random.cuts(of: bytes) {
                #expect(
                    read(pieces) == whole, "seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            }
            #expect(whole.data.count <= bytes.count)
        }
    }
}
