/// The requests of one loop that wait for a slot, by number: what other loops call them by.
struct WaitingRequests {
    private var requests: [Int: Forwarding] = [:]
    private var newest = 0

    var all: [Forwarding] { Array(requests.values) }

    /// Takes one in, under a number that nobody had.
    mutating func add(_ request: Forwarding) -> Int {
        newest += 1
        requests[newest] = request
        return newest
    }

    mutating func put(_ request: Forwarding, at number: Int) { requests[number] = request }

    mutating func remove(_ number: Int) -> Forwarding? { requests.removeValue(forKey: number) }
}
