import StokerCore
import StokerGateway
import Testing

@Suite struct RecentRequestsTests {
    private func record(_ number: Int, model: String = "m", outcome: RequestOutcome = .ok) -> FinishedRequest {
        FinishedRequest(
            id: "r\(number)", startedAt: Timestamp(milliseconds: Int64(number)), route: "chat", model: model, code: 200,
            outcome: outcome, durationSeconds: 1)
    }

    private func filled(_ count: Int, capacity: Int) -> RecentRequests {
        let recent = RecentRequests(capacity: capacity)
        for number in 1...count { recent.append(record(number)) }
        return recent
    }

    private func ids(_ recent: RecentRequests, _ query: RequestQuery = RequestQuery(limit: 10_000)) -> [String] {
        recent.page(query).requests.map(\.id)
    }

    @Test(arguments: [1, 3, 4, 5, 9, 130])
    func `the newest are kept in order, the oldest make room`(count: Int) {
        let recent = filled(count, capacity: 4)
        #expect(ids(recent) == (max(1, count - 3)...count).map { "r\($0)" })
        #expect(recent.page(RequestQuery()).next == Int64(count))
        #expect(recent.page(RequestQuery()).requests.last?.sequence == Int64(count))
    }

    @Test func `a limit takes the newest, and says where to go on`() {
        let page = filled(500, capacity: 300).page(RequestQuery(limit: 2))
        #expect(page.requests.map(\.sequence) == [499, 500])
        #expect(page.next == 500)
    }

    @Test(arguments: [0, 1, 199, 200, 435, 498, 499, 500])
    func `after a sequence come all later ones that are still there`(after: Int) {
        let page = filled(500, capacity: 300).page(RequestQuery(after: Int64(after), limit: 10_000))
        #expect(page.requests.map(\.sequence) == (max(200, after)..<500).map { Int64($0 + 1) })
    }

    @Test func `a sequence that was not reached yet is of an earlier gateway and holds nothing back`() {
        #expect(ids(filled(3, capacity: 8), RequestQuery(after: 4)) == ["r1", "r2", "r3"])
        #expect(ids(filled(3, capacity: 8), RequestQuery(after: .max)) == ["r1", "r2", "r3"])
    }

    @Test func `the limit counts what matches, however far back it lies`() {
        let recent = RecentRequests(capacity: 1000)
        for number in 1...1000 {
            recent.append(
                record(number, model: number % 100 == 0 ? "rare" : "m", outcome: number % 50 == 0 ? .failed : .ok))
        }
        #expect(ids(recent, RequestQuery(model: "rare", limit: 3)) == ["r800", "r900", "r1000"])
        #expect(ids(recent, RequestQuery(model: "rare", failed: true)).count == 10)
        #expect(ids(recent, RequestQuery(failed: true, limit: 2)) == ["r950", "r1000"])
        #expect(recent.page(RequestQuery(model: "none")).next == 1000)
    }

    @Test func `a ring of none keeps none and counts on`() {
        let recent = filled(5, capacity: 0)
        #expect(recent.page(RequestQuery()) == RequestPage(next: 5))
        recent.resize(to: 2)
        recent.append(record(6))
        #expect(recent.page(RequestQuery()).requests.map(\.sequence) == [6])
    }

    @Test func `an empty one answers`() {
        #expect(RecentRequests(capacity: 8).page(RequestQuery(after: 3)) == RequestPage())
    }

    @Test(arguments: [0, 1, 3, 7, 8, 20])
    func `a new size keeps the newest, and the order`(size: Int) {
        let recent = filled(12, capacity: 8)
        recent.resize(to: size)
        #expect(ids(recent) == (5...12).suffix(size).map { "r\($0)" })
        for number in 13...15 { recent.append(record(number)) }
        #expect(ids(recent) == (5...15).suffix(min(size, 11)).map { "r\($0)" })
        #expect(recent.page(RequestQuery()).next == 15)
    }

    @Test func `many threads append while one reads: no record is lost, doubled or out of order`() async {
        let recent = RecentRequests(capacity: 512)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { for number in 0..<2000 { recent.append(self.record(thread * 2000 + number)) } }
            }
            group.addTask {
                for _ in 0..<200 {
                    let sequences = recent.page(RequestQuery(limit: 10_000)).requests.map(\.sequence)
                    #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 })
                }
            }
        }
        let page = recent.page(RequestQuery(limit: 10_000))
        #expect(page.next == 8000)
        #expect(page.requests.map(\.sequence) == Array(7489...8000))
    }
}
