/// The requests of one model that wait for a free slot of a backend: a value, bounded in size and in time, and fair
/// between clients.
///
/// **Order.** Clients take turns, whatever each of them has waiting; a client's own requests go oldest first. So who
/// sends a hundred at once delays themselves. Before all others go those whose turn it was already, and who found that
/// somebody had been quicker.
///
/// **No false hope.** A request whose turn would come after its deadline, judged by how fast the line moves, is turned
/// away when it comes and not when it has waited in vain.
///
/// **Overload.** Where demand lasts above what the backends can do, waiting in turn serves everybody last-minute: each
/// one is served just before it would give up, many give up while they are served, and the work is lost. That state
/// keeps itself up, and is why a plain queue does not recover (`AdmissionSimulationTests` shows it). So once the line
/// has stood for 5 s and somebody lost by it within the last 5 s, the newest go first, of clients and of a client's
/// requests, as in Facebook's adaptive LIFO (Maurer, "Fail at Scale", ACM Queue 13(8), 2015), and the oldest are told
/// at once when their turn cannot come in time. Clients still take turns.
///
/// Every operation takes constant time, spread over many; only `expire` looks at all, when one may be due.
package struct AdmissionQueue<Waiter: Sendable>: Sendable {
    /// Names a waiting request until it is called, lost or removed; never used again for another one.
    package struct Ticket: Hashable, Sendable {
        fileprivate(set) var place: Int
        fileprivate(set) var number: UInt64
    }

    package enum Entry: Sendable, Equatable {
        case queued(Ticket)
        /// - Parameter retryAfter: in seconds.
        case shed(AdmissionRefusal, retryAfter: Int)
    }

    /// One that waits no more, without having been called.
    package struct Lost: Sendable {
        package var waiter: Waiter
        package var reason: AdmissionRefusal
        package var retryAfter: Int
    }

    struct Node {
        var waiter: Waiter
        /// nil for one that was called before.
        var client: Int?
        var arrivedAt: Duration
        var deadline: Duration
        var number: UInt64
    }

    struct Client {
        var key: UInt64
        var waiting = Chain()
        /// Whether it is in `turning`, else in `single`.
        var turns = false
    }

    /// So long a line must have stood before it means overload, and so long a loss counts.
    package static var standing: Duration { .seconds(5) }

    /// How many may wait; 0: none.
    package private(set) var size: Int
    /// How long one may wait.
    package private(set) var wait: Duration

    var nodes: [Node?] = []
    private var freeNodes: [Int] = []
    var mates = Links()
    var ages = Links()
    /// All that wait for their turn, oldest first.
    var byAge = Chain()
    /// Those whose turn it was already.
    var returned = Chain()

    var clients: [Client] = []
    private var freeClients: [Int] = []
    private var clientPlaces: [UInt64: Int] = [:]
    var clientLinks = Links()
    /// Clients with one request, in the order of its coming.
    var single = Chain()
    /// Clients with more, or that had, in the order of their turns.
    var turning = Chain()
    /// What `turning` has a right to, in turns; see `nextClient`.
    var claim = 0

    var drain = DrainRate()
    private var number: UInt64 = 0
    /// Called, and not settled yet: they may come back.
    private var called = 0
    private var standsSince: Duration?
    private var lastLoss: Duration?
    /// No deadline of a waiting request is before this.
    private var earliest: Duration?
    private var lost: [Lost] = []
    private var random: SeededGenerator

    /// - Parameter seed: of the jitter in `Retry-After`.
    package init(size: Int, wait: Duration, seed: UInt64) {
        self.size = size
        self.wait = wait
        random = SeededGenerator(seed: seed)
    }

    /// Holds from now on; who waits already is not turned away by it.
    package mutating func bound(size: Int, wait: Duration) {
        self.size = size
        self.wait = wait
    }

    /// How many wait.
    package var count: Int { byAge.count + returned.count }
    /// The same with those that were called and have not settled: while it is not 0, nobody may pass the line.
    package var pending: Int { count + called }
    /// How many have been called and not settled.
    package var unsettled: Int { called }

    // MARK: Coming

    /// A request that found no free slot.
    ///
    /// - Parameter deadline: beyond which an answer is of no use to it; it waits no longer than that, nor than `wait`.
    package mutating func enqueue(
        _ waiter: Waiter, client key: UInt64, deadline: Duration, at now: Duration
    ) -> Entry {
        let deadline = min(deadline, now + wait)
        let own = clientPlaces[key]
        if let reason = refusal(of: own, deadline: deadline, at: now) {
            noteLoss(at: now)
            return .shed(reason, retryAfter: retryAfter(at: now))
        }
        let client = own ?? addClient(key)
        let place = add(waiter, client: client, deadline: deadline, at: now)
        ages.append(place, to: &byAge)
        mates.append(place, to: &clients[client].waiting)
        took(turn: client)
        dropHopeless(at: now)
        return .queued(ticket(place))
    }

    /// A request that was called and found the slot taken: it is settled, goes before all others, and is turned away by
    /// nothing but its deadline. There are never more of them than there are slots.
    ///
    /// - Parameter deadline: as for `enqueue`; `wait` has begun with that and does not begin anew.
    package mutating func putBack(_ waiter: Waiter, deadline: Duration, at now: Duration) -> Ticket {
        let place = add(waiter, client: nil, deadline: deadline, at: now)
        mates.append(place, to: &returned)
        settle(at: now)
        return ticket(place)
    }

    private mutating func add(_ waiter: Waiter, client: Int?, deadline: Duration, at now: Duration) -> Int {
        stands(at: now)
        number += 1
        earliest = min(earliest ?? deadline, deadline)
        let node = Node(waiter: waiter, client: client, arrivedAt: now, deadline: deadline, number: number)
        if let place = freeNodes.popLast() {
            nodes[place] = node
            return place
        }
        nodes.append(node)
        mates.grow()
        ages.grow()
        return nodes.count - 1
    }

    private mutating func addClient(_ key: UInt64) -> Int {
        let place: Int
        if let free = freeClients.popLast() {
            clients[free] = Client(key: key)
            place = free
        } else {
            clients.append(Client(key: key))
            clientLinks.grow()
            place = clients.count - 1
        }
        clientPlaces[key] = place
        clientLinks.append(place, to: &single)
        return place
    }

    private func ticket(_ place: Int) -> Ticket { Ticket(place: place, number: nodes[place]?.number ?? 0) }

    // MARK: Going

    /// Calls the next one: it is to choose a backend now, and then to `settle`, or to be `putBack`.
    package mutating func next(at now: Duration) -> Waiter? {
        while let place = nextPlace(at: now), let node = take(place) {
            if node.deadline > now {
                called += 1
                return node.waiter
            }
            lose(node.waiter, .timeout, at: now)
            rests(at: now)
        }
        rests(at: now)
        return nil
    }

    /// One that was called has its slot, or has left.
    package mutating func settle(at now: Duration) {
        called = max(0, called - 1)
        rests(at: now)
    }

    /// A slot has come free while somebody waited: the measure of how fast the line moves.
    package mutating func ended(at now: Duration) { drain.end(at: now) }

    /// A client has left; nil when its request does not wait here any more.
    package mutating func remove(_ ticket: Ticket, at now: Duration) -> Waiter? {
        guard nodes.indices.contains(ticket.place), nodes[ticket.place]?.number == ticket.number,
            let node = take(ticket.place)
        else { return nil }
        // It did not wait any longer: others may not either.
        noteLoss(at: now)
        rests(at: now)
        return node.waiter
    }

    /// Gives up on those whose time is over.
    package mutating func expire(at now: Duration) {
        dropHopeless(at: now)
        guard let earliest, earliest <= now else { return }
        var next: Duration?
        for place in nodes.indices {
            guard let deadline = nodes[place]?.deadline else { continue }
            if deadline <= now, let node = take(place) {
                lose(node.waiter, .timeout, at: now)
            } else {
                next = min(next ?? deadline, deadline)
            }
        }
        self.earliest = next
        rests(at: now)
    }

    /// Those that wait no more without having been called, once: each has to be told.
    package mutating func takeLost() -> [Lost] {
        defer { lost = [] }
        return lost
    }

    /// What `Retry-After` says now.
    package mutating func retryAfter(at now: Duration) -> Int {
        drain.retryAfter(line: count, at: now, jitter: random.fraction())
    }

    // MARK: Keeping

    /// Takes a request out of the line.
    mutating func take(_ place: Int) -> Node? {
        guard let node = nodes[place] else { return nil }
        nodes[place] = nil
        freeNodes.append(place)
        guard let client = node.client else {
            mates.remove(place, from: &returned)
            return node
        }
        ages.remove(place, from: &byAge)
        mates.remove(place, from: &clients[client].waiting)
        if clients[client].waiting.isEmpty { leaves(client) }
        return node
    }

    private mutating func leaves(_ client: Int) {
        if clients[client].turns {
            clientLinks.remove(client, from: &turning)
        } else {
            clientLinks.remove(client, from: &single)
        }
        clientPlaces[clients[client].key] = nil
        freeClients.append(client)
    }

    mutating func lose(_ waiter: Waiter, _ reason: AdmissionRefusal, at now: Duration) {
        noteLoss(at: now)
        lost.append(Lost(waiter: waiter, reason: reason, retryAfter: retryAfter(at: now)))
    }

    private mutating func noteLoss(at now: Duration) { lastLoss = now }

    private mutating func stands(at now: Duration) {
        if standsSince == nil { standsSince = now }
        drain.begin(at: now)
    }

    private mutating func rests(at now: Duration) {
        guard count == 0 else { return }
        drain.pause(at: now)
        if called == 0 { standsSince = nil }
    }

    /// Whether demand lasts above what the backends can do.
    package func isOverloaded(at now: Duration) -> Bool {
        guard let standsSince, now - standsSince >= Self.standing else { return false }
        if let lastLoss, now - lastLoss <= Self.standing { return true }
        guard let oldest = byAge.first, let node = nodes[oldest] else { return false }
        return now - node.arrivedAt >= wait / 2
    }
}
