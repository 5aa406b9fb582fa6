import ShimProtocol
import StokerCore
import Testing

@Suite struct MalformedMessageTests {
    @Test("every order that ends too early is refused", arguments: RoundTripTests.orders)
    func truncatedOrder(_ order: ShimOrder) {
        let packet = order.encoded
        for length in packet.indices {
            #expect(throws: WireError.self) { try ShimOrder(decoding: Array(packet.prefix(length))) }
        }
    }

    @Test("every report that ends too early is refused", arguments: RoundTripTests.reports)
    func truncatedReport(_ report: ShimReport) {
        let packet = report.encoded
        for length in packet.indices {
            #expect(throws: WireError.self) { try ShimReport(decoding: Array(packet.prefix(length))) }
        }
    }

    @Test("a byte too many is refused", arguments: RoundTripTests.orders)
    func trailing(_ order: ShimOrder) {
        #expect(throws: WireError.trailingBytes) { try ShimOrder(decoding: order.encoded + [0]) }
    }

    @Test("another version is refused, and named")
    func version() {
        #expect(throws: WireError.version(9)) { try ShimOrder(decoding: [9, 6]) }
        #expect(throws: WireError.version(9)) { try ShimReport(decoding: [9, 1]) }
    }

    @Test("a message of an unknown kind is refused, and named")
    func unknownKind() {
        #expect(throws: WireError.unknown(field: "order", value: 77)) {
            try ShimOrder(decoding: [ShimProtocol.version, 77])
        }
        #expect(throws: WireError.unknown(field: "report", value: 77)) {
            try ShimReport(decoding: [ShimProtocol.version, 77])
        }
    }

    @Test("an unknown step of a failed start is refused, and named")
    func unknownStep() {
        var packet = ShimReport.startFailed(generation: 1, failure: StartFailure(step: .busy, error: 1)).encoded
        packet[10] = 200
        #expect(throws: WireError.unknown(field: "step", value: 200)) { try ShimReport(decoding: packet) }
    }

    @Test("an unknown kind of end is refused, and named")
    func unknownStatus() {
        var packet = ShimReport.exited(ChildExit(generation: 1, status: .code(0))).encoded
        packet[10] = 3
        #expect(throws: WireError.unknown(field: "status", value: 3)) { try ShimReport(decoding: packet) }
    }

    @Test("a text with a NUL inside is refused: C would see a shorter one")
    func embeddedNUL() {
        let order = StartOrder(generation: 1, command: ["/bin/sh\0x"], log: LogOrder(path: "/l", maximumBytes: 1))
        #expect(throws: WireError.text) { try ShimOrder(decoding: ShimOrder.start(order).encoded) }
    }

    @Test("a text that is not UTF-8 is refused")
    func notUTF8() {
        let order = StartOrder(generation: 1, command: ["abc"], log: LogOrder(path: "/l", maximumBytes: 1))
        let packet = ShimOrder.start(order).encoded.map { $0 == UInt8(ascii: "b") ? 0xFF : $0 }
        #expect(throws: WireError.text) { try ShimOrder(decoding: packet) }
    }

    @Test("a forged count of a list is refused before memory is reserved for it")
    func forgedCount() {
        let packet: [UInt8] = [ShimProtocol.version, 1] + [UInt8](repeating: 0, count: 8) + [0xFF, 0xFF, 0xFF, 0xFF]
        #expect(throws: WireError.truncated) { try ShimOrder(decoding: packet) }
    }

    @Test("no change of bytes makes the reader crash", arguments: 0..<20 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let packets = RoundTripTests.orders.map(\.encoded) + RoundTripTests.reports.map(\.encoded)
        for _ in 0..<500 {
            var packet = packets.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) where !packet.isEmpty {
                let place = packet.indices.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<3, using: &random) {
                case 0: packet[place] = .random(in: 0...255, using: &random)
                case 1: packet.remove(at: place)
                default: packet.insert(.random(in: 0...255, using: &random), at: place)
                }
            }
            // What is accepted means the same when it is said again.
            if let order = try? ShimOrder(decoding: packet) {
                #expect((try? ShimOrder(decoding: order.encoded)) == order)
            }
            if let report = try? ShimReport(decoding: packet) {
                #expect((try? ShimReport(decoding: report.encoded)) == report)
            }
        }
    }
}
