import StokerCore
import Testing

/// Several event loops around one line and one count of busy slots, each of their looks and changes a step of its own,
/// in an order that a seed draws: what the gateway's shell does, without its threads.
private struct Race {
    /// What some loop does next. The numbers are requests.
    enum Step {
        case looksAtLine(Int)
        case takesSlot(Int)
        case enqueues(Int)
        case countsRoom(hasEnded: Bool)
        case advances(room: Int, hasEnded: Bool)
        case isCalled(Int)
        case settles(Int)
        case isPutBack(Int)
        case looksForWaiting
    }

    let slots: Int
    var queue = AdmissionQueue<Int>(size: 1000, wait: .seconds(1000), seed: 1)
    var busy = 0
    /// What loops read without the lock.
    var pending = 0
    var mostBusy = 0
    var served: [Int] = []
    var steps: [Step] = []
    /// At the backend.
    var running: [Int] = []
    /// Whether somebody waited beside a free slot, and no loop was about to do anything about it.
    var hasForgotten = false

    init(slots: Int) { self.slots = slots }

    mutating func run(_ random: inout SeededGenerator) {
        while !steps.isEmpty || !running.isEmpty {
            if steps.isEmpty, queue.pending > 0, busy < slots { hasForgotten = true }
            if !running.isEmpty, steps.isEmpty || random.chance(0.1) {
                end(Self.draw(from: &running, &random))
            } else {
                perform(Self.draw(from: &steps, &random))
            }
        }
    }

    private static func draw<Element>(from all: inout [Element], _ random: inout SeededGenerator) -> Element {
        all.swapAt(Int(random.next() % UInt64(all.count)), all.count - 1)
        return all.removeLast()
    }

    private mutating func end(_ request: Int) {
        served.append(request)
        busy -= 1
        steps.append(.looksForWaiting)
    }

    private mutating func takeSlot(for request: Int, else other: Step, then next: Step? = nil) {
        guard busy < slots else { return steps.append(other) }
        busy += 1
        mostBusy = max(mostBusy, busy)
        if let next { steps.append(next) } else { running.append(request) }
    }

    private mutating func perform(_ step: Step) {
        switch step {
        case .looksAtLine(let request): steps.append(pending == 0 ? .takesSlot(request) : .enqueues(request))
        case .takesSlot(let request): takeSlot(for: request, else: .enqueues(request))
        case .enqueues(let request):
            _ = queue.enqueue(request, client: UInt64(request % 7), deadline: .seconds(1000), at: .zero)
            pending = queue.pending
            steps.append(.countsRoom(hasEnded: false))
        case .countsRoom(let hasEnded):
            if pending > 0 { steps.append(.advances(room: slots - busy, hasEnded: hasEnded)) }
        case .advances(let room, let hasEnded):
            if hasEnded { queue.ended(at: .zero) }
            while queue.unsettled < room, let next = queue.next(at: .zero) { steps.append(.isCalled(next)) }
            pending = queue.pending
        case .isCalled(let request): takeSlot(for: request, else: .isPutBack(request), then: .settles(request))
        case .settles(let request):
            queue.settle(at: .zero)
            pending = queue.pending
            running.append(request)
            steps.append(.countsRoom(hasEnded: false))
        case .isPutBack(let request):
            _ = queue.putBack(request, deadline: .seconds(1000), at: .zero)
            pending = queue.pending
            steps.append(.countsRoom(hasEnded: false))
        case .looksForWaiting: steps.append(.countsRoom(hasEnded: true))
        }
    }

}

@Suite("Admission of several loops")
struct AdmissionRaceTests {
    @Test("no order of steps exceeds the slots, forgets a request or serves it twice", arguments: 1...4)
    func orders(slots: Int) {
        for seed in UInt64(0)..<400 {
            var random = SeededGenerator(seed: seed)
            var race = Race(slots: slots)
            for request in 0..<12 { race.steps.append(.looksAtLine(request)) }
            race.run(&random)
            guard race.served.sorted() == Array(0..<12), race.mostBusy <= slots, race.queue.pending == 0,
                !race.hasForgotten
            else {
                Issue.record(
                    "seed \(seed): served \(race.served.sorted()), \(race.mostBusy) busy, forgot \(race.hasForgotten)")
                return
            }
        }
    }
}
