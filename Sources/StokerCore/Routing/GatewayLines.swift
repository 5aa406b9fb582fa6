/// The talks with all gateways: with the one that serves, the next, and those that leave.
package struct GatewayLines: Sendable {
    /// The seat of the one that serves.
    package private(set) var serving = 1
    private var watches: [Int: GatewayWatch]
    private var wanted: RoutingTable
    private var isEnding = false

    /// One gateway, on the first seat, that is to have that table.
    package init(wanted: RoutingTable) {
        self.wanted = wanted
        watches = [1: GatewayWatch(wanted: wanted)]
    }

    /// What the talk with each seat asks for, by seat.
    package typealias Effects = [(seat: Int, effects: [GatewayWatch.Effect])]

    /// The talk with the one that serves.
    package var current: GatewayWatch? { watches[serving] }
    /// The seats of all.
    package var seats: [Int] { watches.keys.sorted() }
    /// Whether one of them says nothing.
    package var isAnySilent: Bool { watches.values.contains { $0.latest == nil } }

    /// What is in flight where nothing new can come.
    package var traffic: GatewayTraffic { GatewayTraffic(watches) }

    /// Up to where the notices of a gateway have become events.
    package func read(at seat: Int) -> NoticeMark? { watches[seat]?.read }

    /// All are to have this table: those that leave, too, lest they try again where nobody waits for them.
    package mutating func want(_ table: RoutingTable) -> Effects {
        if table.version > wanted.version { wanted = table }
        return seats.map { ($0, handle(.wants(table), at: $0)) }
    }

    /// Takes in what a gateway said, or that it said nothing.
    package mutating func handle(_ observation: GatewayWatch.Observation, at seat: Int) -> [GatewayWatch.Effect] {
        watches[seat]?.handle(observation) ?? []
    }

    /// Which gateways there are, which one serves, and which are to leave.
    package mutating func follow(serving: Int, all: Set<Int>, leaving: Set<Int>) -> Effects {
        self.serving = serving
        for seat in seats where seat != serving && !all.contains(seat) { watches[seat] = nil }
        for seat in all.union([serving]) where watches[seat] == nil {
            watches[seat] = GatewayWatch(wanted: wanted)
            if isEnding { _ = handle(.ending, at: seat) }
        }
        return leaving.sorted().map { ($0, handle(.leaving, at: $0)) }
    }

    /// They are all told to end.
    package mutating func expectEnd() {
        isEnding = true
        for seat in seats { _ = handle(.ending, at: seat) }
    }
}

/// What is in flight at processes that can get nothing new, as far as all gateways together know.
package struct GatewayTraffic: Sendable {
    private let watches: [Int: GatewayWatch]

    init(_ watches: [Int: GatewayWatch]) { self.watches = watches }

    /// Requests at a backend, or connections of a gateway that leaves; nil while that is not certain.
    package func inFlight(at process: String) -> Int? {
        for (seat, watch) in watches where ProcessPlan.gatewayName(seat: seat) == process {
            return watch.connectionsLeft
        }
        var sum = 0
        for watch in watches.values {
            guard let count = watch.inFlight(at: process) else { return nil }
            sum += count
        }
        return sum
    }
}
