import StokerCore
import Testing

@Suite("Admission queue")
struct AdmissionQueueTests {
    typealias Queue = AdmissionQueue<String>

    static let hour = Duration.seconds(3600)

    static func queue(size: Int = 8, wait: Duration = .seconds(30)) -> Queue {
        Queue(size: size, wait: wait, seed: 1)
    }

    @discardableResult
    static func add(
        _ waiter: String, of client: UInt64, to queue: inout Queue, at now: Duration = .zero,
        deadline: Duration = hour
    ) -> Queue.Ticket? {
        guard case .queued(let ticket) = queue.enqueue(waiter, client: client, deadline: deadline, at: now) else {
            return nil
        }
        return ticket
    }

    static func refusal(_ entry: Queue.Entry) -> AdmissionRefusal? {
        if case .shed(let reason, _) = entry { reason } else { nil }
    }

    /// Calls all, each of them settled at once.
    static func drain(_ queue: inout Queue, at now: Duration = .zero) -> [String] {
        var all: [String] = []
        while let next = queue.next(at: now) {
            all.append(next)
            queue.settle(at: now)
        }
        return all
    }

    @Suite("Order")
    struct Order {
        @Test("one client's requests go in the order in which they came")
        func first() {
            var queue = queue()
            for name in ["a", "b", "c"] { add(name, of: 7, to: &queue) }
            #expect(drain(&queue) == ["a", "b", "c"])
            #expect(queue.pending == 0)
        }

        @Test("clients with one request each go in the order in which they came")
        func singles() {
            var queue = queue()
            for client in UInt64(1)...4 { add("\(client)", of: client, to: &queue) }
            #expect(drain(&queue) == ["1", "2", "3", "4"])
        }

        @Test("clients with several requests take turns")
        func turns() {
            var queue = queue(size: 20)
            for number in 1...3 { add("a\(number)", of: 1, to: &queue) }
            for number in 1...3 { add("b\(number)", of: 2, to: &queue) }
            for number in 1...2 { add("c\(number)", of: 3, to: &queue) }
            #expect(drain(&queue) == ["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3"])
        }

        @Test("one request beside a hundred of another client waits for two turns at most", arguments: 0..<100)
        func flood(before: Int) {
            var queue = queue(size: 512)
            for number in 0..<100 { add("flood \(number)", of: 1, to: &queue) }
            for _ in 0..<before { _ = queue.next(at: .zero) }
            add("one", of: 2, to: &queue)
            let next = [queue.next(at: .zero), queue.next(at: .zero)]
            #expect(next.contains("one"))
        }

        @Test("a flood gets one turn in eleven beside ten clients that always have one request")
        func rights() {
            var queue = queue(size: 512)
            for number in 0..<200 { add("flood \(number)", of: 99, to: &queue) }
            for client in UInt64(0)..<10 { add("\(client)", of: client, to: &queue) }
            var turns = 0
            for _ in 0..<110 {
                guard let next = queue.next(at: .zero) else { break }
                if let client = UInt64(next) { add(next, of: client, to: &queue) } else { turns += 1 }
            }
            #expect((10...11).contains(turns))
        }

        @Test("called requests that found the slot taken come back to the front, in their order")
        func back() {
            var queue = queue()
            for name in ["a", "b", "c"] { add(name, of: 1, to: &queue) }
            #expect(queue.next(at: .zero) == "a")
            #expect(queue.next(at: .zero) == "b")
            #expect(queue.unsettled == 2)
            _ = queue.putBack("a", deadline: hour, at: .zero)
            _ = queue.putBack("b", deadline: hour, at: .zero)
            #expect(queue.unsettled == 0)
            #expect(queue.pending == 3)
            #expect(drain(&queue) == ["a", "b", "c"])
        }
    }

    @Suite("Bounds")
    struct Bounds {
        @Test("a full line takes nobody, and says when to come back")
        func full() {
            var queue = queue(size: 4)
            for client in UInt64(0)..<4 { add("x", of: client, to: &queue) }
            let entry = queue.enqueue("y", client: 9, deadline: hour, at: .zero)
            guard case .shed(.queueFull, let pause) = entry else {
                Issue.record("it was \(entry)")
                return
            }
            #expect((1...60).contains(pause))
            #expect(queue.count == 4)
        }

        @Test("with a size of 0 nobody waits")
        func none() {
            var queue = queue(size: 0)
            #expect(refusal(queue.enqueue("x", client: 1, deadline: hour, at: .zero)) == .queueFull)
            #expect(queue.pending == 0)
        }

        @Test("a client alone may fill the line; beside others it has half of it")
        func share() {
            var alone = queue(size: 8)
            for number in 0..<8 { #expect(add("\(number)", of: 1, to: &alone) != nil) }
            var beside = queue(size: 8)
            add("other", of: 2, to: &beside)
            for number in 0..<4 { #expect(add("\(number)", of: 1, to: &beside) != nil) }
            #expect(refusal(beside.enqueue("5th", client: 1, deadline: hour, at: .zero)) == .clientShare)
            #expect(add("third", of: 3, to: &beside) != nil)
        }

        @Test("who has filled the line alone makes room for others with its newest")
        func greedy() {
            var queue = queue(size: 4)
            for number in 0..<4 { add("\(number)", of: 1, to: &queue) }
            #expect(add("other", of: 2, to: &queue) != nil)
            let lost = queue.takeLost()
            #expect(lost.map(\.waiter) == ["3"])
            #expect(lost.map(\.reason) == [.clientShare])
            #expect(queue.takeLost().isEmpty)
            #expect(drain(&queue) == ["0", "other", "1", "2"])
        }

        @Test("a line that is made shorter keeps who waits, and takes nobody until it is short enough")
        func shorter() {
            var queue = queue(size: 4)
            for client in UInt64(0)..<4 { add("\(client)", of: client, to: &queue) }
            queue.bound(size: 2, wait: .seconds(5))
            #expect(queue.count == 4)
            #expect(refusal(queue.enqueue("y", client: 9, deadline: hour, at: .zero)) == .queueFull)
            for _ in 0..<3 { _ = queue.next(at: .zero) }
            #expect(add("y", of: 9, to: &queue) != nil)
        }
    }

    @Suite("Time")
    struct Time {
        @Test("who has waited long enough is given up on")
        func expires() {
            var queue = queue(wait: .seconds(3))
            add("old", of: 1, to: &queue)
            add("young", of: 2, to: &queue, at: .seconds(2))
            queue.expire(at: .milliseconds(2999))
            #expect(queue.takeLost().isEmpty)
            queue.expire(at: .seconds(3))
            let lost = queue.takeLost()
            #expect(lost.map(\.waiter) == ["old"])
            #expect(lost.map(\.reason) == [.timeout])
            #expect(queue.count == 1)
        }

        @Test("nobody waits beyond its own deadline, however long others may")
        func ownDeadline() {
            var queue = queue(wait: .seconds(30))
            add("long", of: 1, to: &queue)
            add("short", of: 2, to: &queue, deadline: .seconds(1))
            queue.expire(at: .seconds(1))
            #expect(queue.takeLost().map(\.waiter) == ["short"])
            queue.expire(at: .seconds(30))
            #expect(queue.takeLost().map(\.waiter) == ["long"])
        }

        @Test("a deadline that is over is refused at the door")
        func late() {
            var queue = queue()
            let entry = queue.enqueue("x", client: 1, deadline: .seconds(5), at: .seconds(5))
            #expect(refusal(entry) == .timeout)
        }

        @Test("an expired one is never called, and told so")
        func skips() {
            var queue = queue(wait: .seconds(3))
            add("called", of: 3, to: &queue)
            add("old", of: 1, to: &queue)
            _ = queue.next(at: .zero)
            _ = queue.putBack("called", deadline: .seconds(3), at: .seconds(1))
            add("young", of: 2, to: &queue, at: .seconds(2))
            #expect(queue.next(at: .seconds(4)) == "young")
            #expect(Set(queue.takeLost().map(\.waiter)) == ["old", "called"])
            #expect(queue.next(at: .seconds(4)) == nil)
        }

        @Test("a clock that jumps back neither calls nor loses anybody by itself")
        func clock() {
            var queue = queue(wait: .seconds(3))
            add("x", of: 1, to: &queue, at: .seconds(100))
            queue.expire(at: .seconds(50))
            #expect(queue.takeLost().isEmpty)
            #expect(queue.next(at: .seconds(50)) == "x")
        }
    }

    @Suite("Leaving")
    struct Leaving {
        @Test("a client that leaves is out of the line, wherever it stood", arguments: 0..<5)
        func anywhere(place: Int) {
            var queue = queue()
            let tickets = (0..<5).compactMap { add("\($0)", of: UInt64($0 / 2), to: &queue) }
            #expect(queue.remove(tickets[place], at: .zero) == "\(place)")
            #expect(queue.remove(tickets[place], at: .zero) == nil)
            #expect(Set(drain(&queue)) == Set((0..<5).filter { $0 != place }.map { "\($0)" }))
        }

        @Test("a ticket means nothing once its request was called, though its place is another's now")
        func reused() throws {
            var queue = queue()
            let ticket = try #require(add("a", of: 1, to: &queue))
            #expect(queue.next(at: .zero) == "a")
            add("b", of: 1, to: &queue)
            #expect(queue.remove(ticket, at: .zero) == nil)
            #expect(queue.count == 1)
        }

        @Test("who was called counts until it is settled: nobody passes the line meanwhile")
        func settles() {
            var queue = queue()
            add("a", of: 1, to: &queue)
            _ = queue.next(at: .zero)
            #expect(queue.count == 0)
            #expect(queue.pending == 1)
            queue.settle(at: .zero)
            #expect(queue.pending == 0)
        }
    }

    @Suite("Early shedding")
    struct Early {
        /// A line of eight that moves by two a second.
        static func moving() -> Queue {
            var queue = queue(size: 100)
            for client in UInt64(0)..<28 { add("\(client)", of: client, to: &queue) }
            for half in 1...20 {
                queue.ended(at: .milliseconds(500 * half))
                _ = queue.next(at: .milliseconds(500 * half))
                queue.settle(at: .milliseconds(500 * half))
            }
            return queue
        }

        @Test("whose turn would come after its deadline is turned away at once")
        func shed() {
            var queue = Self.moving()
            let now = Duration.seconds(10)
            #expect(queue.count == 8)
            #expect(refusal(queue.enqueue("x", client: 50, deadline: .seconds(14), at: now)) == .expectedWait)
            #expect(add("y", of: 51, to: &queue, at: now, deadline: .seconds(16)) != nil)
        }

        @Test("a client's tenth request waits for its tenth turn")
        func tenth() {
            var queue = Self.moving()
            let now = Duration.seconds(10)
            for number in 0..<2 { add("\(number)", of: 50, to: &queue, at: now) }
            #expect(refusal(queue.enqueue("x", client: 50, deadline: .seconds(14), at: now)) == .expectedWait)
        }

        @Test("while nothing is known of the line, nobody is turned away for it")
        func unknown() {
            var queue = queue(size: 100)
            for client in UInt64(0)..<50 {
                #expect(add("x", of: client, to: &queue, deadline: .milliseconds(100)) != nil)
            }
        }

        @Test("how long to stay away follows from the line and its pace")
        func retryAfter() {
            var queue = Self.moving()
            for _ in 0..<20 { #expect((4...7).contains(queue.retryAfter(at: .seconds(10)))) }
        }
    }

    @Suite("Overload")
    struct Overload {
        /// A line that has stood for ten seconds and lost somebody just now.
        static func standing(_ names: [(String, UInt64)]) -> Queue {
            var queue = queue(size: 6)
            for (name, client) in names { add(name, of: client, to: &queue) }
            if let ticket = add("gone", of: 77, to: &queue) { _ = queue.remove(ticket, at: .seconds(10)) }
            return queue
        }

        @Test("a line that stands is overload only when somebody has lost by it lately, or waits too long")
        func means() {
            var queue = queue(size: 6, wait: .seconds(30))
            add("a", of: 1, to: &queue)
            #expect(!queue.isOverloaded(at: .seconds(10)))
            #expect(queue.isOverloaded(at: .seconds(15)))
            queue = Self.standing([("a", 1)])
            #expect(queue.isOverloaded(at: .seconds(10)))
            #expect(queue.isOverloaded(at: .milliseconds(14_900)))
            #expect(drain(&queue, at: .seconds(11)) == ["a"])
            add("b", of: 1, to: &queue, at: .seconds(11))
            #expect(!queue.isOverloaded(at: .seconds(11)))
        }

        @Test("the newest clients go first then")
        func newestClients() {
            var queue = Self.standing([("a", 1), ("b", 2), ("c", 3)])
            #expect(drain(&queue, at: .seconds(10)) == ["c", "b", "a"])
        }

        @Test("clients still take turns, each with its newest")
        func turns() {
            var queue = Self.standing([("a1", 1), ("a2", 1), ("b1", 2), ("b2", 2)])
            #expect(drain(&queue, at: .seconds(10)) == ["a2", "b2", "a1", "b1"])
        }

        @Test("a newer request takes the place of the oldest where the line is full")
        func displaces() {
            var queue = Self.standing((1...5).map { ("\($0)", UInt64($0)) })
            #expect(add("6", of: 6, to: &queue, at: .seconds(10)) != nil)
            #expect(add("7", of: 7, to: &queue, at: .seconds(10)) != nil)
            let lost = queue.takeLost()
            #expect(lost.map(\.waiter) == ["1"])
            #expect(lost.map(\.reason) == [.queueFull])
        }

        @Test("who has its part of the line makes room for itself only")
        func ownRoom() {
            var queue = Self.standing([("other", 2), ("a1", 1), ("a2", 1), ("b1", 3), ("b2", 3)])
            _ = add("c", of: 4, to: &queue, at: .seconds(10))
            #expect(add("a3", of: 1, to: &queue, at: .seconds(10)) != nil)
            #expect(queue.takeLost().map(\.waiter) == ["a1"])
        }

        @Test("whose turn cannot come in time any more is told at once, and not after all of its wait")
        func hopeless() {
            var queue = queue(size: 100, wait: .seconds(30))
            for client in UInt64(0)..<40 { add("\(client)", of: client, to: &queue) }
            // One in a second: the last of forty waits for forty.
            for second in 1...10 {
                queue.ended(at: .seconds(second))
                _ = queue.next(at: .seconds(second))
                queue.settle(at: .seconds(second))
            }
            #expect(queue.count == 30)
            if let ticket = add("gone", of: 77, to: &queue, at: .seconds(10), deadline: hour) {
                _ = queue.remove(ticket, at: .seconds(10))
            }
            _ = queue.enqueue("x", client: 99, deadline: hour, at: .seconds(10))
            let lost = queue.takeLost()
            #expect(lost.allSatisfy { $0.reason == .expectedWait })
            #expect((8...13).contains(lost.count))
            #expect(lost.first?.waiter == "10")
        }
    }
}
