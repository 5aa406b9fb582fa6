import StokerCore
import StokerTesting
import StokerWire
import Testing

@Suite struct ChunkedScannerTests {
    /// What a scanner makes of some bytes, in a form that can be compared.
    private struct Reading: Equatable {
        var data: [UInt8] = []
        var taken = 0
        var isDone = false
        var fault: WireFault?
    }

    private func read(_ pieces: [ArraySlice<UInt8>]) -> Reading {
        var scanner = ChunkedScanner()
        var reading = Reading()
        for piece in pieces where !scanner.isDone && reading.fault == nil {
            let bytes = Array(piece)
            do throws(WireFault) {
                reading.taken += try scanner.scan(bytes.span, from: 0) { reading.data += bytes[$0] }
            } catch {
                reading.fault = error
            }
        }
        reading.isDone = scanner.isDone
        return reading
    }

    /// A whole body in chunks of random sizes, with extensions and trailers now and then, and the data in it.
    private func message(_ random: inout SeededGenerator) -> (bytes: [UInt8], data: [UInt8]) {
        var (bytes, data): ([UInt8], [UInt8]) = ([], [])
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let chunk = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let size = String(chunk.count, radix: 16, uppercase: Bool.random(using: &random))
            let zeros = String(repeating: "0", count: Int.random(in: 0...3, using: &random))
            let note = random.chance(0.2) ? ";\(random.word(1...9))=\"\(random.word(0...9))\"" : ""
            bytes += Array("\(zeros)\(size)\(note)\r\n".utf8) + chunk + Array("\r\n".utf8)
            data += chunk
        }
        let trailers = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            "\(random.word(1...9)): \(random.word(0...9))\r\n"
        }
        return (bytes + Array("0\r\n\(trailers.joined())\r\n".utf8), data)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `a message gives its data and ends where it ends, however it was cut`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (bytes, data) = message(&random)
        let behind = Array("GET / HTTP/1.1\r\n".utf8)
        for pieces in random.cuts(of: bytes) {
            #expect(read(pieces) == Reading(data: data, taken: bytes.count, isDone: true))
        }
        #expect(read([bytes[...] + behind]) == Reading(data: data, taken: bytes.count, isDone: true))
        #expect(!read([bytes.dropLast()]).isDone)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `whatever became of a message, it reads the same however it was cut`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            var bytes = message(&random).bytes
            for _ in 0...Int.random(in: 0...3, using: &random) { random.mutate(&bytes) }
            let readings = random.cuts(of: bytes).map(read)
            for reading in readings {
                #expect(reading.fault == readings[0].fault && reading.isDone == readings[0].isDone)
                #expect(reading.data == readings[0].data && reading.data.count <= bytes.count)
                // How many bytes a call took before it threw is nobody's business.
                if reading.fault == nil { #expect(reading == readings[0]) }
            }
        }
    }

    @Test func `extensions that outweigh the data are refused, and those that do not pass`() {
        let note = String(repeating: "a", count: 200)
        let small = String(repeating: "1;\(note)\r\nx\r\n", count: 100)
        #expect(read([Array(small.utf8)[...]]).fault == .chunkOverhead)
        let signed = String(repeating: "80;\(note)\r\n\(String(repeating: "x", count: 128))\r\n", count: 1000)
        #expect(read([Array(signed.utf8)[...]]).data.count == 128_000)
        let tiny = String(repeating: "1;a=b\r\nx\r\n", count: 10_000)
        #expect(read([Array(tiny.utf8)[...]]).data.count == 10_000)
    }
}
