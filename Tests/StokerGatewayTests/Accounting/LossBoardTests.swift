import StokerCore
import StokerGateway
import Testing

@Suite("The board of losses")
struct LossBoardTests {
    private let board = LossBoard(life: 7)
    private let subject = LossBook.Subject(backend: "a", models: ["m"])

    @Test func `an answer is worth telling only between a loss and the first from elsewhere`() {
        #expect(!board.isWaiting)
        board.note(.connection, subject, words: "refused", isOut: true, at: 10)
        #expect(board.isWaiting)
        board.served("m", by: "b", at: 20)
        #expect(!board.isWaiting)
        #expect(board.read(at: 30).losses.first?.models["m"]?.served == BootTime(nanoseconds: 20))
    }

    @Test func `a loss that nobody asks about is over when the backend is back`() {
        board.note(.table, subject, words: "restarting", isOut: true, at: 10)
        board.back("a", at: 20)
        #expect(!board.isWaiting)
        #expect(board.read(at: 30).life == 7)
    }

    @Test func `a silent backend is back when it is asked like any other`() {
        board.note(.silent, subject, words: "it says nothing", isOut: false, at: 10)
        #expect(board.read(at: 20) { _ in false }.losses.first?.back == nil)
        #expect(board.read(at: 30) { $0 == "a" }.losses.first?.back == BootTime(nanoseconds: 30))
    }

    @Test func `of two gateways the lives differ`() {
        #expect(LossBoard().read(at: 0).life != LossBoard().read(at: 0).life)
    }
}
