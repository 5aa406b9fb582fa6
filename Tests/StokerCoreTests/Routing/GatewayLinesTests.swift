import StokerCore
import Testing

@Suite("What is in flight, by the word of all gateways")
struct GatewayLinesTests {
    /// A table in which these backends are in rotation, and the rest of `a` and `b` is not.
    private static func table(_ version: UInt64, offering: Set<String>, listing: [String] = ["a", "b"]) -> RoutingTable
    {
        RoutingTable(
            version: version, epoch: 5, limits: GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0)),
            backends: listing.map {
                BackendRoute(
                    name: $0, address: BackendAddress(host: "127.0.0.1", port: 1), inRotation: offering.contains($0))
            }, models: [ModelRoute(name: "m", tiers: [listing])])
    }

    private static func report(
        _ version: UInt64, settled: UInt64? = nil, epoch: Int64 = 5, a: Int, former: [BackendStatus]? = nil,
        isLeaving: Bool? = nil, connections: Int? = nil
    ) -> GatewayWatch.Observation {
        .report(
            GatewayStatus(
                version: version, epoch: epoch, backends: [BackendStatus(name: "a", usable: false, inFlight: a)],
                settled: settled ?? version, former: former, isLeaving: isLeaving, connections: connections))
    }

    private var lines = GatewayLines(wanted: Self.table(1, offering: ["a", "b"]))

    @Test("is not known while a backend may get new requests")
    mutating func offered() {
        _ = lines.handle(Self.report(1, a: 0), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == nil)
    }

    @Test("is not known before every loop of the gateway goes by the table that took it out")
    mutating func unsettled() {
        _ = lines.want(Self.table(2, offering: ["b"]))
        _ = lines.handle(Self.report(1, a: 0), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == nil)
        _ = lines.handle(Self.report(2, settled: 1, a: 0), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == nil)
        _ = lines.handle(Self.report(2, a: 3), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == 3)
    }

    @Test("stays known when newer tables come that do not offer it either")
    mutating func newerTables() {
        _ = lines.want(Self.table(2, offering: ["b"]))
        _ = lines.want(Self.table(3, offering: []))
        _ = lines.handle(Self.report(2, a: 1), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == 1)
        _ = lines.want(Self.table(4, offering: ["a"]))
        #expect(lines.traffic.inFlight(at: "a") == nil)
    }

    @Test("is that of a backend that has left the table, too")
    mutating func former() {
        _ = lines.want(Self.table(2, offering: ["b"], listing: ["b"]))
        let former = [BackendStatus(name: "c", usable: false, inFlight: 4)]
        _ = lines.handle(Self.report(2, a: 0, former: former), at: 1)
        #expect(lines.traffic.inFlight(at: "c") == 4)
        #expect(lines.traffic.inFlight(at: "never seen") == 0)
    }

    @Test("is not known from a gateway that has another control plane's table, or has gone silent")
    mutating func unknown() {
        _ = lines.want(Self.table(2, offering: ["b"]))
        _ = lines.handle(Self.report(9, epoch: 4, a: 0), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == nil)
        _ = lines.handle(Self.report(2, a: 0), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == 0)
        _ = lines.handle(.silence("timeout"), at: 1)
        #expect(lines.traffic.inFlight(at: "a") == nil)
    }

    @Test("is nothing where no gateway has ever answered")
    func nobody() { #expect(lines.traffic.inFlight(at: "a") == 0) }

    @Test("is the sum over those that serve and those that leave")
    mutating func several() {
        _ = lines.follow(serving: 1, all: [2], leaving: [])
        _ = lines.follow(serving: 2, all: [1], leaving: [1])
        _ = lines.want(Self.table(2, offering: ["b"]))
        _ = lines.handle(Self.report(2, a: 2), at: 1)
        // The next has no table yet, so it accepts nobody.
        #expect(lines.traffic.inFlight(at: "a") == 2)
        _ = lines.handle(Self.report(2, a: 1), at: 2)
        #expect(lines.traffic.inFlight(at: "a") == 3)
        _ = lines.follow(serving: 2, all: [], leaving: [])
        #expect(lines.seats == [2])
        #expect(lines.traffic.inFlight(at: "a") == 1)
    }

    @Test("of a gateway is its connections, once it takes no new ones")
    mutating func connections() {
        _ = lines.follow(serving: 2, all: [1], leaving: [1])
        _ = lines.handle(Self.report(1, a: 0, connections: 9), at: 1)
        #expect(lines.traffic.inFlight(at: "gateway") == nil)
        _ = lines.handle(Self.report(1, a: 0, isLeaving: true, connections: 9), at: 1)
        #expect(lines.traffic.inFlight(at: "gateway") == 9)
    }

    @Test("a gateway is told to leave until it says that it does")
    mutating func leaves() {
        let first = lines.follow(serving: 2, all: [1], leaving: [1])
        #expect(first.map(\.seat) == [1])
        #expect(first.first?.effects == [.leave])
        #expect(lines.follow(serving: 2, all: [1], leaving: [1]).first?.effects.isEmpty == true)
        #expect(lines.handle(Self.report(1, a: 0), at: 1) == [.leave])
        #expect(lines.handle(Self.report(1, a: 0, isLeaving: true), at: 1).isEmpty)
    }

    @Test("what a gateway that leaves thinks of backends, and its silence, are no news")
    mutating func quiet() {
        _ = lines.handle(Self.report(1, a: 0, isLeaving: true), at: 1)
        _ = lines.follow(serving: 2, all: [1], leaving: [1])
        #expect(lines.handle(Self.report(1, a: 0, isLeaving: true), at: 1).isEmpty)
        #expect(lines.handle(.silence("gone"), at: 1).isEmpty)
    }

    @Test("a gateway that comes when all are to end is expected to end")
    mutating func ending() {
        lines.expectEnd()
        _ = lines.follow(serving: 1, all: [2], leaving: [])
        _ = lines.handle(Self.report(1, a: 0), at: 2)
        #expect(lines.handle(.silence("gone"), at: 2).isEmpty)
    }

    @Test(
        "a backend is the last of a model when no other is in rotation and usable",
        arguments: [
            (Set(["a", "b"]), nil, []), (["a"], nil, ["m"]), (["b"], nil, []), (["a", "b"], ["a"], ["m"]),
            (["a", "b"], ["a", "b"], []),
        ] as [(Set<String>, Set<String>?, [String])])
    func lastBackend(offered: Set<String>, usable: Set<String>?, models: [String]) {
        #expect(Self.table(1, offering: offered).models(servedOnlyBy: "a", usable: usable) == models)
    }
}
