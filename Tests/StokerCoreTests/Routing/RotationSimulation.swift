import StokerCore

/// Backends that die, lie and recover, requests that are sent to them, and the decisions between: all in virtual time.
struct RotationSimulation {
    /// What a backend really is.
    enum Truth { case well, dead, lying }

    struct Backend {
        var truth = Truth.well
        var wellSince = Duration.zero
        var recovery = BackendRecovery()
        var inFlight = 0
        var limit: Int
        var isTried = false
        /// When it left or came back, of the last ten minutes.
        var transitions: [Duration] = []
    }

    private enum Happening {
        case question(Int, UInt64), rested(Int, UInt64), warmed(Int, UInt64), ended(Int), change(Int), request
    }

    private struct Entry {
        var time: Duration
        var order: Int
        var what: Happening
    }

    private(set) var now = Duration.zero
    private(set) var backends: [Backend]
    private(set) var served = 0
    private(set) var failed = 0
    private(set) var mostTransitions = 0
    /// What should never have happened.
    private(set) var violations: [String] = []
    private var random: SeededGenerator
    private var balancer = Balancer()
    private var queue: [Entry] = []
    private var order = 0
    /// Until then requests come quickly: something has just changed.
    private var livelyUntil = Duration.zero
    private let script: (_ backend: Int, _ truth: Truth, _ random: inout SeededGenerator) -> (Truth, Duration)
    private let pause: (_ isLively: Bool, _ random: inout SeededGenerator) -> Duration
    private let tiers: [[Int]]

    /// - Parameters:
    ///   - script: what a backend is next, and for how long.
    ///   - pause: between two requests.
    init(
        seed: UInt64, limits: [Int], tiers: [[Int]],
        script: @escaping (Int, Truth, inout SeededGenerator) -> (Truth, Duration),
        pause: @escaping (Bool, inout SeededGenerator) -> Duration
    ) {
        random = SeededGenerator(seed: seed)
        backends = limits.map { Backend(limit: $0) }
        self.tiers = tiers
        self.script = script
        self.pause = pause
        for backend in backends.indices { schedule(.change(backend), after: .zero) }
        schedule(.request, after: .milliseconds(50))
    }

    mutating func run(for time: Duration) {
        let end = now + time
        while let next = queue.first, next.time <= end { step() }
        now = end
    }

    private mutating func step() {
        let entry = pop()
        now = entry.time
        switch entry.what {
        case .question(let backend, let generation):
            let isWell = backends[backend].truth != .dead
            tell(backend, isWell ? .answered(generation: generation) : .silent(generation: generation))
        case .rested(let backend, let generation): tell(backend, .rested(generation: generation))
        case .warmed(let backend, let generation): tell(backend, .warmed(generation: generation))
        case .ended(let backend): backends[backend].inFlight -= 1
        case .change(let backend): change(backend)
        case .request:
            request()
            schedule(.request, after: pause(now < livelyUntil, &random))
        }
    }

    private mutating func change(_ backend: Int) {
        let (truth, time) = script(backend, backends[backend].truth, &random)
        if truth == .well, backends[backend].truth != .well { backends[backend].wellSince = now }
        backends[backend].truth = truth
        livelyUntil = now + .seconds(5)
        schedule(.change(backend), after: time)
    }

    // MARK: Requests

    private mutating func request() {
        let key: UInt64? = random.next() % 2 == 0 ? random.next() % 16 : nil
        var tried: [Int] = []
        while true {
            let view = View(backends: backends)
            let pick = balancer.choose(among: tiers, avoiding: tried, key: key, in: view)
            guard case .backend(let chosen) = pick else {
                if pick == .none { lost(tried) }
                return
            }
            if case .dead = backends[chosen].recovery.state { violations.append("\(now): the dead \(chosen) is asked") }
            if tried.contains(chosen) { violations.append("\(now): \(chosen) is asked twice") }
            if backends[chosen].inFlight >= backends[chosen].limit {
                violations.append("\(now): \(chosen) is over full")
            }
            if ask(chosen) { return }
            tried.append(chosen)
        }
    }

    /// Whether it answers well.
    private mutating func ask(_ chosen: Int) -> Bool {
        let isTrial = backends[chosen].recovery.state == .onTrial && !backends[chosen].isTried
        switch backends[chosen].truth {
        case .dead: tell(chosen, .connectionFailed)
        case .lying:
            let others = backends.indices.contains { $0 != chosen && backends[$0].recovery.isWorking }
            tell(chosen, .failed(othersServe: others))
        case .well:
            served += 1
            backends[chosen].inFlight += 1
            backends[chosen].isTried = isTrial
            tell(chosen, .succeeded)
            backends[chosen].isTried = false
            tell(chosen, .delivered(tokens: Int(random.next() % 400)))
            schedule(.ended(chosen), after: .milliseconds(100 + Int64(random.next() % 20_000)))
            return true
        }
        return false
    }

    /// Nobody answered: so nobody may have been well for longer than it takes to find out.
    private mutating func lost(_ tried: [Int]) {
        failed += 1
        for (place, backend) in backends.enumerated() where backend.truth == .well {
            guard now - backend.wellSince > .milliseconds(2300), backend.inFlight < backend.limit else { continue }
            violations.append("\(now): \(place) was well, \(backend.recovery.state), and \(tried) were asked")
        }
    }

    private mutating func tell(_ backend: Int, _ event: BackendRecovery.Event) {
        let jitter = Double(random.next() % 1000) / 1000
        for effect in backends[backend].recovery.handle(event, at: now, jitter: jitter) {
            switch effect {
            case .ask(let delay, let generation): schedule(.question(backend, generation), after: delay)
            case .rest(let time, let generation): schedule(.rested(backend, generation), after: time)
            case .warm(let time, let generation): schedule(.warmed(backend, generation), after: time)
            case .left, .readmit: moved(backend)
            case .spared: break
            }
        }
        let share = backends[backend].recovery.warmUp.share
        if share < WarmUp.floor || share > Balancer.fullShare { violations.append("\(now): the share is \(share)") }
    }

    private mutating func moved(_ backend: Int) {
        let start = now - .seconds(600)
        backends[backend].transitions.removeAll { $0 < start }
        backends[backend].transitions.append(now)
        mostTransitions = max(mostTransitions, backends[backend].transitions.count)
    }

    // MARK: Time

    private mutating func schedule(_ what: Happening, after delay: Duration) {
        order += 1
        queue.append(Entry(time: now + delay, order: order, what: what))
        var child = queue.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            queue.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Entry {
        queue.swapAt(0, queue.count - 1)
        let first = queue.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < queue.count && isBefore(child, least) {
                least = child
            }
            guard least != parent else { return first }
            queue.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        (queue[one].time, queue[one].order) < (queue[other].time, queue[other].order)
    }

    private struct View: BackendView {
        let backends: [Backend]

        func standing(_ backend: Int) -> Standing {
            let standing = backends[backend].recovery.standing
            return standing == .onTrial && backends[backend].isTried ? .lastResort : standing
        }

        func inFlight(_ backend: Int) -> Int { backends[backend].inFlight }
        func limit(_ backend: Int) -> Int { backends[backend].limit }
        func share(_ backend: Int) -> Int { backends[backend].recovery.warmUp.share }
        func seed(_ backend: Int) -> UInt64 { PrefixHash.mix(UInt64(backend), 7) }
    }
}
