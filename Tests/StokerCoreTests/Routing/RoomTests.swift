import StokerCore
import Testing

@Suite("Room at backends")
struct RoomTests {
    struct View: BackendView {
        var standings: [Standing]
        var loads: [Int]
        var limits: [Int]

        func standing(_ backend: Int) -> Standing { standings[backend] }
        func inFlight(_ backend: Int) -> Int { loads[backend] }
        func limit(_ backend: Int) -> Int { limits[backend] }
    }

    static func room(_ standings: [Standing], _ loads: [Int], _ limits: [Int]) -> Int {
        View(standings: standings, loads: loads, limits: limits).room(among: [[0], [1, 2]])
    }

    @Test("it is the free slots of all tiers together")
    func sum() {
        #expect(Self.room([.good, .good, .good], [3, 0, 4], [4, 2, 4]) == 3)
        #expect(Self.room([.good, .good, .good], [4, 2, 4], [4, 2, 4]) == 0)
    }

    @Test("who is beyond its slots takes nothing from the others")
    func beyond() { #expect(Self.room([.good, .good, .out], [9, 1, 0], [4, 2, 4]) == 1) }

    @Test("worse ones are no room while better ones are only full")
    func standing() {
        #expect(Self.room([.good, .doubtful, .lastResort], [4, 0, 0], [4, 2, 4]) == 0)
        #expect(Self.room([.out, .doubtful, .lastResort], [0, 0, 0], [4, 2, 4]) == 2)
        #expect(Self.room([.out, .out, .lastResort], [0, 0, 1], [4, 2, 4]) == 3)
        #expect(Self.room([.out, .out, .out], [0, 0, 0], [4, 2, 4]) == 0)
    }

    @Test("one on trial has room for one request")
    func trial() {
        #expect(Self.room([.good, .onTrial, .out], [4, 0, 0], [4, 2, 4]) == 1)
        #expect(Self.room([.good, .onTrial, .out], [4, 1, 0], [4, 2, 4]) == 0)
    }

    @Test("without a bound there is room for more than ever wait")
    func unbounded() { #expect(Self.room([.good, .good, .good], [1, 1, 1], [.max, .max, .max]) > 1_000_000) }
}
