import StokerCore
import StokerTesting
import StokerWire
import Testing

@Suite struct HeadFinderTests {
    /// Where a head ends, or why it has no end, told of its bytes piece by piece.
    private func find(_ pieces: [ArraySlice<UInt8>], limit: Int) -> Result<Int?, WireFault> {
        var finder = HeadFinder()
        var bytes: [UInt8] = []
        for piece in pieces {
            bytes += piece
            do throws(WireFault) {
                if let end = try finder.end(in: bytes.span, limit: limit) { return .success(end) }
            } catch {
                return .failure(error)
            }
        }
        return .success(nil)
    }

    private func find(_ text: String, limit: Int = 100) -> Result<Int?, WireFault> {
        find([Array(text.utf8)[...]], limit: limit)
    }

    @Test func `a head ends with its empty line and may be as long as the limit`() {
        #expect(find("A\r\nB\r\n\r\nbody") == .success(8))
        #expect(find("A\r\nB\r\n\r\n", limit: 8) == .success(8))
        #expect(find("A\r\nB\r\n\r\n", limit: 7) == .failure(.headTooLarge))
        #expect(find("A\r\nB\r\n\r") == .success(nil))
        #expect(find("A\r\nB\r\n\rX\r\n\r\n") == .success(12))
        #expect(find("A\nB\r\n\r\n") == .failure(.bareLineFeed))
        #expect(find("A\r\n\n") == .failure(.bareLineFeed))
        #expect(find("\n") == .failure(.bareLineFeed))
        #expect(find("\r\n") == .success(2))
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `the end is where it is, however the bytes came`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let lines = (0..<Int.random(in: 0...5, using: &random)).map { _ in random.word(0...20) + "\r\n" }
            var bytes = Array((lines.joined() + "\r\n" + random.word(0...20)).utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) { random.mutate(&bytes) }
            let limit = Int.random(in: 1...120, using: &random)
            let whole = find([bytes[...]], limit: limit)
            for pieces in random.cuts(of: bytes) { #expect(find(pieces, limit: limit) == whole) }
            if case .success(let end?) = whole { #expect(end <= limit) }
        }
    }
}
