import StokerCore
import StokerGateway
import Testing

@Suite("The board of notices")
struct NoticeBoardTests {
    private let board = NoticeBoard(life: 7)

    private func note(_ reason: String, _ id: String = "r", at time: Int64 = 0) {
        board.note(
            GatewayNotice.Matter(.streamContinued, backend: "a", other: "b", reason: reason),
            GatewayNotice.Example(requestID: id, model: "m"), at: Timestamp(milliseconds: time))
    }

    private func counts(after sequence: Int64? = nil, life: Int64 = 7) -> [Int64: Int] {
        let page = board.read(after: sequence.map { NoticeMark(life: life, sequence: $0) })
        return Dictionary(uniqueKeysWithValues: page.notices.map { ($0.sequence, $0.count) })
    }

    @Test func `counts what is the same, and keeps the first time and the first few requests`() {
        for number in 0..<100 { note("reset", "r\(number)", at: Int64(number)) }
        note("frozen", at: 200)
        let page = board.read()
        #expect(page.life == 7)
        #expect(page.notices.map(\.matter.reason) == ["reset", "frozen"])
        #expect(page.notices.map(\.sequence) == [1, 2])
        #expect(page.notices.map(\.count) == [100, 1])
        #expect(page.notices.first?.examples.map(\.requestID) == ["r0", "r1", "r2", "r3", "r4"])
        #expect(page.notices.map(\.since.milliseconds) == [0, 200])
    }

    @Test func `what has been handed out grows no more`() {
        note("reset")
        #expect(counts() == [1: 1])
        note("reset")
        note("reset")
        #expect(counts() == [1: 1, 2: 2])
    }

    @Test func `what was read is forgotten, and only that`() {
        note("reset")
        #expect(counts() == [1: 1])
        note("reset")
        #expect(counts(after: 1) == [2: 1])
        #expect(counts(after: 1) == [2: 1], "a reader that did not get the answer asks again")
        #expect(counts(after: 2) == [:])
    }

    @Test func `a mark of another gateway means nothing`() {
        note("reset")
        #expect(counts(after: 9, life: 8) == [1: 1])
    }

    @Test func `without a reader it stays small, and the newest stay`() {
        for number in 1...200 { note("reason \(number)") }
        #expect(board.read().notices.map(\.sequence) == Array(137...200))
    }

    @Test func `of two gateways the lives differ`() {
        #expect(NoticeBoard().read().life != NoticeBoard().read().life)
    }

    @Test func `loops that tell at once lose nothing`() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<100 { note("reset") } } }
        }
        #expect(counts() == [1: 800])
    }
}
