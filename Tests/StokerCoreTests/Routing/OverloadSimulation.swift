import StokerCore

/// Where requests wait in the simulation: the line under test, or a plain one to compare it with.
protocol WaitingLine {
    /// Seconds to stay away where it is turned away.
    mutating func enqueue(_ request: Int, client: UInt64, at now: Duration) -> Int?
    mutating func next(at now: Duration) -> Int?
    mutating func remove(_ request: Int, at now: Duration)
    mutating func ended(at now: Duration)
    /// Those that wait in vain, with the seconds to stay away.
    mutating func takeLost(at now: Duration) -> [(request: Int, retryAfter: Int)]
}

/// First come, first served; bounded in size and time, as in HAProxy (`maxqueue`, `timeout queue`).
struct PlainLine: WaitingLine {
    var size = 512
    var wait = Duration.seconds(30)
    private var line: [(request: Int, arrivedAt: Duration)] = []
    private var lost: [(Int, Int)] = []

    init() {}

    mutating func enqueue(_ request: Int, client: UInt64, at now: Duration) -> Int? {
        guard line.count < size else { return 1 }
        line.append((request, now))
        return nil
    }

    mutating func next(at now: Duration) -> Int? { line.isEmpty ? nil : line.removeFirst().request }
    mutating func remove(_ request: Int, at now: Duration) { line.removeAll { $0.request == request } }
    mutating func ended(at now: Duration) {}

    mutating func takeLost(at now: Duration) -> [(request: Int, retryAfter: Int)] {
        let over = line.prefix { now - $0.arrivedAt >= wait }
        line.removeFirst(over.count)
        return over.map { ($0.request, 1) }
    }
}

/// The queue under test.
struct OurLine: WaitingLine {
    private var queue: AdmissionQueue<Int>
    private var tickets: [Int: AdmissionQueue<Int>.Ticket] = [:]

    init(seed: UInt64, size: Int = 512, wait: Duration = .seconds(30)) {
        queue = AdmissionQueue(size: size, wait: wait, seed: seed)
    }

    mutating func enqueue(_ request: Int, client: UInt64, at now: Duration) -> Int? {
        switch queue.enqueue(request, client: client, deadline: now + .seconds(120), at: now) {
        case .queued(let ticket):
            tickets[request] = ticket
            return nil
        case .shed(_, let pause): return pause
        }
    }

    mutating func next(at now: Duration) -> Int? {
        guard let request = queue.next(at: now) else { return nil }
        queue.settle(at: now)
        tickets[request] = nil
        return request
    }

    mutating func remove(_ request: Int, at now: Duration) {
        if let ticket = tickets.removeValue(forKey: request) { _ = queue.remove(ticket, at: now) }
    }

    mutating func ended(at now: Duration) { queue.ended(at: now) }

    mutating func takeLost(at now: Duration) -> [(request: Int, retryAfter: Int)] {
        queue.expire(at: now)
        return queue.takeLost().map { ($0.waiter, $0.retryAfter) }
    }
}

/// Engines with slots, clients with patience, in steps of ten milliseconds; whole by its seed.
struct OverloadSimulation<Line: WaitingLine> {
    struct Setting {
        var slots = 10
        /// Seconds that one answer takes, a half more or less.
        var service = 1.0
        /// Demand by what the engines can do.
        var usual = 0.8
        var overload = 10.0
        var overloadFrom = 10
        var overloadTo = 70
        var end = 100
        /// A client hangs up after so long.
        var patience = Duration.seconds(10)
        /// How often a client comes back, after `Retry-After` or after it has hung up.
        var comesBack = 2
        var clients: UInt64 = 1 << 40
    }

    /// What happened in one second.
    struct Second {
        var came = 0
        /// Answers that somebody still waited for.
        var good = 0
        /// Requests that came in this second for the first time and had an answer in the end.
        var served = 0
    }

    private enum Happening {
        case arrives(Int)
        case ends(Int, run: Int)
        case hangsUp(Int, attempt: Int)
    }

    private enum State { case away, waiting, running, done }

    private struct Client {
        var key: UInt64
        var bornAt: Int
        var attempt = 0
        var run = 0
        var state = State.away
    }

    private static var step: Duration { .milliseconds(10) }

    let setting: Setting
    private var line: Line
    private var random: SeededGenerator
    private var clients: [Client] = []
    private var agenda: [[Happening]]
    private var free: Int
    private(set) var seconds: [Second]

    init(_ setting: Setting, line: Line, seed: UInt64) {
        self.setting = setting
        self.line = line
        random = SeededGenerator(seed: seed)
        agenda = Array(repeating: [], count: setting.end * 100)
        seconds = Array(repeating: Second(), count: setting.end)
        free = setting.slots
    }

    /// Requests a second in usual times.
    var usualRate: Double { setting.usual * Double(setting.slots) / setting.service }

    mutating func run() {
        for tick in agenda.indices {
            let now = Self.step * tick
            arrive(tick)
            for happening in agenda[tick] { handle(happening, tick, now) }
            for lost in line.takeLost(at: now) { turnAway(lost.request, for: lost.retryAfter, tick) }
            serve(tick, now)
        }
    }

    private mutating func arrive(_ tick: Int) {
        let second = tick / 100
        let isOver = (setting.overloadFrom..<setting.overloadTo).contains(second)
        let mean = usualRate * (isOver ? setting.overload / setting.usual : 1) / 100
        var left = mean
        while random.chance(min(left, 1)) {
            left -= 1
            clients.append(Client(key: random.next() % setting.clients, bornAt: second))
            seconds[second].came += 1
            agenda[tick].append(.arrives(clients.count - 1))
            if left <= 0 { break }
        }
    }

    private mutating func handle(_ happening: Happening, _ tick: Int, _ now: Duration) {
        switch happening {
        case .arrives(let client): ask(client, tick, now)
        case .ends(let client, let run):
            guard clients[client].run == run, clients[client].state == .running else { return }
            clients[client].state = .done
            seconds[tick / 100].good += 1
            seconds[clients[client].bornAt].served += 1
            leaveSlot(now)
        case .hangsUp(let client, let attempt): hangUp(client, attempt, tick, now)
        }
    }

    private mutating func ask(_ client: Int, _ tick: Int, _ now: Duration) {
        clients[client].attempt += 1
        clients[client].state = .waiting
        plan(.hangsUp(client, attempt: clients[client].attempt), at: tick + ticks(setting.patience))
        if let pause = line.enqueue(client, client: clients[client].key, at: now) { turnAway(client, for: pause, tick) }
    }

    private mutating func hangUp(_ client: Int, _ attempt: Int, _ tick: Int, _ now: Duration) {
        guard clients[client].attempt == attempt else { return }
        switch clients[client].state {
        case .waiting: line.remove(client, at: now)
        case .running: leaveSlot(now)
        case .away, .done: return
        }
        // As SDKs do: a time-out is tried again after half a second.
        turnAway(client, for: nil, tick)
    }

    private mutating func turnAway(_ client: Int, for pause: Int?, _ tick: Int) {
        clients[client].state = .away
        clients[client].run += 1
        guard clients[client].attempt <= setting.comesBack else { return }
        plan(.arrives(client), at: tick + (pause.map { $0 * 100 } ?? 50))
    }

    private mutating func leaveSlot(_ now: Duration) {
        free += 1
        line.ended(at: now)
    }

    private mutating func serve(_ tick: Int, _ now: Duration) {
        while free > 0, let client = line.next(at: now) {
            free -= 1
            clients[client].state = .running
            clients[client].run += 1
            let service = setting.service * (0.5 + random.fraction())
            plan(.ends(client, run: clients[client].run), at: tick + max(1, Int(service * 100)))
        }
    }

    private mutating func plan(_ happening: Happening, at tick: Int) {
        if tick < agenda.count { agenda[tick].append(happening) }
    }

    private func ticks(_ duration: Duration) -> Int { Int(duration.inSeconds * 100) }

    /// Good answers in those seconds, by what came in usual times.
    func goodput(_ range: Range<Int>) -> Double {
        Double(seconds[range].reduce(0) { $0 + $1.good }) / (usualRate * Double(range.count))
    }

    /// The part of the requests that came first in those seconds and had an answer in the end.
    func success(_ range: Range<Int>) -> Double {
        let came = seconds[range].reduce(0) { $0 + $1.came }
        return Double(seconds[range].reduce(0) { $0 + $1.served }) / Double(max(1, came))
    }
}
