import StokerCore
import StokerGateway
import Testing

@Suite struct BackendCellTests {
    private let cell = BackendCell(name: "a", address: BackendAddress(host: "127.0.0.1", port: 1))
    private let second: Int64 = 1_000_000_000

    /// Fails a connection at a time and has the health path answer.
    private func comeBack(at time: Int64) {
        for case .ask(_, let generation) in cell.note(.connectionFailed, at: time) {
            _ = cell.note(.answered(generation: generation), at: time)
        }
    }

    @Test func `its slots open by time after a return`() {
        #expect(cell.limit(40, at: second) == 40)
        comeBack(at: second)
        #expect((0..<6).map { cell.limit(40, at: second + $0 * second) } == [4, 8, 16, 32, 40, 40])
        #expect(cell.limit(1, at: second) == 1, "never none")
    }

    @Test func `what the recovery says is seen by those who choose`() {
        #expect(cell.standing == .good && cell.share == Balancer.fullShare && cell.outBecause == nil)
        _ = cell.note(.connectionFailed, at: second, reason: "no connection (refused)")
        #expect(cell.standing == .out && cell.outBecause == "no connection (refused)")
        _ = cell.note(.vouched(isNew: true, othersServe: false), at: second)
        _ = cell.note(.answered(generation: 2), at: second)
        #expect(cell.standing == .good && cell.outBecause == nil)
        for _ in 0..<5 { _ = cell.note(.failed(othersServe: true), at: 2 * second, reason: "it answered 500") }
        #expect(cell.outBecause == "ejected after 5 bad answers in a row (it answered 500)")
    }

    @Test func `a share comes back with the tokens`() {
        comeBack(at: second)
        #expect(cell.share == WarmUp.floor)
        _ = cell.note(.delivered(tokens: WarmUp.tokens), at: 2 * second)
        #expect(cell.share == Balancer.fullShare)
    }

    @Test func `one request decides, the others see one of last resort meanwhile`() {
        #expect(!cell.claimTrial())
        for _ in 0..<4 { _ = cell.note(.failed(othersServe: true), at: second) }
        for case .rest(_, let generation) in cell.note(.failed(othersServe: true), at: second) {
            #expect(cell.standing == .lastResort)
            _ = cell.note(.rested(generation: generation), at: 11 * second)
        }
        #expect(cell.standing == .onTrial)
        #expect(cell.claimTrial() && !cell.claimTrial())
        #expect(cell.standing == .lastResort)
        cell.releaseTrial()
        #expect(cell.standing == .onTrial, "it ended without a verdict")
        #expect(cell.claimTrial() && cell.succeeded(at: 12 * second).first == .readmit)
        #expect(cell.standing == .good)
    }

    @Test func `a good answer of a sound backend is no news`() {
        #expect(cell.succeeded(at: second) == [])
        _ = cell.note(.failed(othersServe: true), at: second)
        _ = cell.succeeded(at: second)
        #expect(cell.recovery.streak == 0)
    }

    @Test func `those that begin together are awaited, one that leaves others behind is not`() {
        #expect(cell.leftNobody)
        cell.left(othersServe: true)
        #expect(!cell.leftNobody)
        cell.left(othersServe: false)
        #expect(cell.leftNobody)
    }
}
