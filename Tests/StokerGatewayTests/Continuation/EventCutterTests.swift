import StokerCore
import StokerGateway
import Testing

@Suite struct EventCutterTests {
    private static let events = [
        "\u{FEFF}: ping\r\n\r\n", "data: {\"a\":\"知识\"}\n\n", "\n", "\r\n", "event: x\rdata: 1\r\r", "data: 2\r\n\n",
        "data: 3\n\r\n", "id: 1\ndata: 4\ndata: 5\r\n\r\n", "data: [DONE]\n\n",
    ]

    @Test func `every event is cut after its empty line`() {
        let cut = StreamReading.events([Array(Self.events.joined().utf8)])
        #expect(cut.events.map(StreamReading.text) == Self.events)
        #expect(cut.rest == [])
    }

    /// A LF that comes in a later read than its CR is a piece of its own after an event, and part of a line else.
    private func meaning(_ events: [[UInt8]]) -> [String] {
        events.map(StreamReading.text).filter { !$0.allSatisfy(\.isNewline) }.map { $0.filter { !$0.isNewline } }
    }

    @Test func `a stream split at any byte gives the same events, and every byte of it`() {
        let bytes = Array(Self.events.joined().utf8)
        let whole = meaning(StreamReading.events([bytes]).events)
        for split in 0...bytes.count {
            let cut = StreamReading.events([Array(bytes[..<split]), Array(bytes[split...])])
            #expect(cut.events.flatMap { $0 } == bytes)
            #expect(meaning(cut.events) == whole)
        }
        let single = StreamReading.events(bytes.map { [$0] })
        #expect(single.events.flatMap { $0 } == bytes)
        #expect(meaning(single.events) == whole)
    }

    @Test func `an event is handed out before the next one begins`() {
        for end in ["\n\n", "\r\n\r\n", "\r\r", "\n\r"] {
            #expect(StreamReading.events([Array("data: 1\(end)".utf8)]).events.count == 1, "\(end.debugDescription)")
        }
    }

    @Test func `the end of the stream gives what has no empty line`() {
        let cut = StreamReading.events([Array("data: 1\n\ndata: [DO".utf8), Array("NE]\n".utf8)])
        #expect(cut.events.count == 1)
        #expect(cut.rest.map(StreamReading.text) == "data: [DONE]\n")
        var cutter = EventCutter()
        let hasRest = cutter.finish()
        #expect(!hasRest)
    }

    @Test(arguments: [EventCutter.maxEvent, 1 << 10, 4099])
    func `an event as long as the bound is cut, a longer one is not kept`(part: Int) {
        let most =
            Array("data: ".utf8) + Array(repeating: UInt8(ascii: "x"), count: EventCutter.maxEvent - 8) + [10, 10]
        for extra in [0, 1] {
            let bytes = Array(repeating: UInt8(ascii: ":"), count: extra) + most
            let parts = stride(from: 0, to: bytes.count, by: part).map {
                Array(bytes[$0..<min($0 + part, bytes.count)])
            }
            let cut = StreamReading.events(parts)
            #expect(cut.events.count == 1 - extra)
            #expect((cut.rest == nil) == (extra == 1))
        }
    }

    @Test func `what was too long is left to whoever cut it`() {
        var cutter = EventCutter()
        let part = Array(repeating: UInt8(ascii: "x"), count: EventCutter.maxEvent)
        var index = 0
        var cuts = [cutter.next(part.span, at: &index, to: part.count)]
        index = 0
        for _ in 0..<2 { cuts.append(cutter.next(part.span, at: &index, to: part.count)) }
        #expect(cuts == [.needsMore, .tooLarge, .tooLarge])
        #expect(index == 0 && cutter.carried == part && cutter.isTooLarge)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `random bytes in random pieces are handed out as they came`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = Array("\r\n\r\nd:a".utf8) + [0xEF, 0xBB, 0xBF, 0]
        for _ in 0..<100 {
            let bytes = (0..<Int(random.next() % 60)).map { _ in letters.randomElement(using: &random) ?? 0 }
            var parts: [[UInt8]] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + 1 + Int(random.next() % 7))
                parts.append(Array(bytes[start..<end]))
                start = end
            }
            let cut = StreamReading.events(parts)
            #expect(cut.events.flatMap { $0 } + (cut.rest ?? []) == bytes)
            #expect(meaning(cut.events) == meaning(StreamReading.events([bytes]).events))
        }
    }
}
