/// Who is next, and who is too many.
extension AdmissionQueue {
    private var clientCount: Int { single.count + turning.count }

    // MARK: Turns

    /// A client has one request more: from the second on it takes turns with all others.
    mutating func took(turn client: Int) {
        guard clients[client].waiting.count > 1, !clients[client].turns else { return }
        clients[client].turns = true
        // The first of them to come has been here longest.
        if turning.isEmpty { claim = clientCount }
        clientLinks.remove(client, from: &single)
        clientLinks.append(client, to: &turning)
    }

    /// The request whose turn it is.
    mutating func nextPlace(at now: Duration) -> Int? {
        if let first = returned.first { return first }
        let newestFirst = isOverloaded(at: now)
        guard let client = nextClient(newestFirst) else { return nil }
        if clients[client].turns {
            clientLinks.remove(client, from: &turning)
            clientLinks.append(client, to: &turning)
        }
        let waiting = clients[client].waiting
        return newestFirst ? waiting.last : waiting.first
    }

    /// Each client has the same right to the next turn, so those who take turns among each other have as many rights
    /// together as they are.
    private mutating func nextClient(_ newestFirst: Bool) -> Int? {
        let singleton = newestFirst ? single.last : single.first
        guard let turner = turning.first else { return singleton }
        guard let singleton else { return turner }
        claim += turning.count
        guard claim >= clientCount else { return singleton }
        claim = min(claim - clientCount, clientCount)
        return turner
    }

    // MARK: Bounds

    /// Why a request of that client cannot wait; nil when it may. Makes room for it where somebody has more than is
    /// due.
    ///
    /// - Parameter client: nil for one that has nothing waiting.
    mutating func refusal(of client: Int?, deadline: Duration, at now: Duration) -> AdmissionRefusal? {
        guard size > 0, deadline > now else { return size > 0 ? .timeout : .queueFull }
        let own = client.map { clients[$0].waiting.count } ?? 0
        if own >= share, own < byAge.count { return .clientShare }
        if isOverloaded(at: now) {
            if byAge.count >= size { displace(for: client, at: now) }
        } else {
            if let wait = expectedWait(own + 1, among: clientCount + (client == nil ? 1 : 0), now),
                now + wait > deadline
            {
                return .expectedWait
            }
            if byAge.count >= size, let greedy = overShare, greedy != client { drop(newestOf: greedy, at: now) }
        }
        return byAge.count < size ? nil : .queueFull
    }

    /// How many requests of one client may wait while others wait.
    private var share: Int { max(1, size / 2) }

    /// The client that has more than its share, having been alone before; it takes turns, being more than one's.
    private var overShare: Int? {
        guard let first = turning.first else { return nil }
        var place: Int? = first
        while let client = place {
            if clients[client].waiting.count > share { return client }
            place = clientLinks.next(client)
        }
        return nil
    }

    private mutating func drop(newestOf client: Int, at now: Duration) {
        guard let place = clients[client].waiting.last, let node = take(place) else { return }
        lose(node.waiter, .clientShare, at: now)
    }

    // MARK: Overload

    /// Makes room for a newer request: of the same client where it has its part of the line already, else the oldest.
    private mutating func displace(for client: Int?, at now: Duration) {
        var place = byAge.first
        if let client, clients[client].waiting.count * clientCount >= byAge.count {
            place = clients[client].waiting.first
        }
        guard let place, let node = take(place) else { return }
        lose(node.waiter, .queueFull, at: now)
    }

    /// Under overload the oldest are last: those whose turn cannot come in time are told so now.
    mutating func dropHopeless(at now: Duration) {
        guard isOverloaded(at: now) else { return }
        while let oldest = byAge.first, let node = nodes[oldest], let client = node.client,
            let wait = expectedWait(clients[client].waiting.count, among: clientCount, now), now + wait > node.deadline,
            take(oldest) != nil
        {
            lose(node.waiter, .expectedWait, at: now)
        }
    }

    /// When the turn of a client's request comes.
    ///
    /// - Parameter mates: its place among the client's own: a turn of everybody for each.
    private func expectedWait(_ mates: Int, among clients: Int, _ now: Duration) -> Duration? {
        let place = min(byAge.count + 1, mates * clients) + returned.count
        return drain.wait(at: place, now: now)
    }
}
