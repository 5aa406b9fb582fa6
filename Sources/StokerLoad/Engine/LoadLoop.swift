import CLinux
import DequeModule
import HeapModule
import StokerCore
import StokerHost
import StokerNet

/// One thread that offers its share of the load: one epoll instance, sockets that do not block, no task, no lock on
/// the way of a byte, and its own tally.
///
/// Everything is measured here, in the thread that owns the socket, right after the read that brought it.
final class LoadLoop {
    /// How often the loop looks at the clock for its own sake, and measures how late it is.
    static let tick: Nanoseconds = 10_000_000
    /// How often deadlines of requests are looked at: they are seconds, and a look at all costs microseconds.
    static let sweep: Nanoseconds = 250_000_000
    /// With so many streams in flight the loop looks for bytes only each `pause`: waking up for each single event would
    /// cost more than reading it. A stamp is late by half a millisecond on average; sending is not.
    static let crowd = 200
    static let pause: Nanoseconds = 1_000_000
    /// After a failure before the first byte a user tries again after this: a closed port answers in microseconds, and
    /// users are no attack.
    static let failurePause: Nanoseconds = 100_000_000
    private static let readBufferSize = 256 << 10

    let plan: LoadPlan
    let clock: RunClock
    let mailbox: LoopMailbox
    let addresses: [NetAddress]
    let tls: TLSClient?
    let writer: RequestWriter
    var poller: Poller
    var tally: Tally

    // What is to come.
    var arrivals: ArrivalSchedule?
    var nextArrival: Nanoseconds?
    var stays: ArraySlice<UserSchedule.Stay> = []
    var wakeups = Heap<Wakeup>()
    var wakeupNumber = 0
    /// Open loop at its cap: arrivals that wait, oldest first.
    var waiting = Deque<Wakeup>()
    var sessions: SessionSource
    var pauses: SeededGenerator
    /// Requests that this loop may still start.
    var budget: Int
    var end: LoopEnd

    // What is under way.
    var connections: [Connection?] = []
    var freeSlots: [Int] = []
    var idle: [Int] = []
    var generation: UInt32 = 0
    var inFlight = 0
    var users = 0
    /// Which of the server's addresses answered last.
    var preferredAddress = 0
    private var inFlightSince: Nanoseconds = 0
    /// When it last looked for bytes.
    private var lastLook: Nanoseconds = 0
    private var nextTick: Nanoseconds = 0
    private var nextSweep: Nanoseconds = 0
    /// Requests are put together here.
    var scratch: [UInt8] = []
    private let readBuffer: UnsafeMutableBufferPointer<UInt8>

    init(_ share: LoopShare) throws(LoadError) {
        plan = share.plan
        clock = share.clock
        mailbox = share.mailbox
        addresses = share.addresses
        tls = share.tls
        writer = share.writer
        do throws(SystemError) {
            poller = try Poller()
        } catch {
            throw LoadError("\(error)")
        }
        tally = Tally(partLength: share.partLength)
        sessions = try share.sessions
        pauses = share.pauses
        arrivals = share.arrivals
        stays = share.stays[...]
        budget = share.budget
        end = LoopEnd(plan.stop)
        scratch.reserveCapacity(64 << 10)
        readBuffer = .allocate(capacity: Self.readBufferSize)
        nextArrival = arrivals?.next()
    }

    deinit { readBuffer.deallocate() }

    /// Offers the load until its end, and returns what was measured.
    func run() -> Tally {
        let cpuAtStart = RunClock.threadTime
        let start = clock.now
        nextTick = start
        nextSweep = start
        while true {
            let now = clock.now
            guard advance(to: now) else { break }
            let wake = wakeTime(after: now)
            var timeout = wake - now
            if isCrowded {
                Poller.rest(min(wake, lastLook + Self.pause) - now)
                lastLook = clock.now
                timeout = 0
            }
            let count = poller.wait(timeout)
            for index in 0..<count { handle(poller[index]) }
        }
        let finish = clock.now
        cutAll(at: finish)
        integrate(to: finish)
        tally.client.busiestLoop = Double(RunClock.threadTime - cpuAtStart) / Double(max(1, finish - start))
        connections.removeAll()
        mailbox.publish(tally, inFlight: 0, users: 0)
        return tally
    }

    // MARK: - Time

    /// Does all that is due. Returns false when the run is over.
    private func advance(to now: Nanoseconds) -> Bool {
        if now >= nextTick { takeTick(now) }
        switch end.phase(at: now, isStopped: mailbox.isStopped) {
        case .running:
            startDue(now)
            return !isDone
        case .draining:
            // What was due before the end is late and not lost: a run that forgot it would look better than it was.
            startDue(end.lastMoment)
            stopStarting()
            return inFlight > 0
        case .over: return false
        }
    }

    /// Whether nothing is under way and nothing will ever be.
    private var isDone: Bool {
        inFlight == 0 && wakeups.isEmpty && stays.isEmpty && waiting.isEmpty && nextArrival == nil
    }

    private func takeTick(_ now: Nanoseconds) {
        // Each tick that was missed counts with its own lateness; else a long pause would be one sample among many.
        while nextTick <= now {
            tally.client.loopLag.record(now - nextTick)
            nextTick += Self.tick
        }
        if now >= nextSweep {
            nextSweep = now + Self.sweep
            sweepDeadlines(now)
        }
        if mailbox.isWanted(at: now) { mailbox.publish(tally, inFlight: inFlight, users: users) }
    }

    private func wakeTime(after now: Nanoseconds) -> Nanoseconds {
        var time = nextTick
        if let arrival = nextArrival, !isAtCap { time = min(time, arrival) }
        if let wakeup = wakeups.min { time = min(time, wakeup.time) }
        if let stay = stays.first { time = min(time, stay.start) }
        return max(now, time)
    }

    private var isCrowded: Bool { inFlight >= Self.crowd && plan.target.isStreamed && plan.target.endpoint != .http }

    // MARK: - Sockets

    private func handle(_ ready: clinux_ready) {
        let slot = Int(ready.token & 0xFFFF_FFFF)
        guard slot < connections.count, let connection = connections[slot], connection.token == ready.token else {
            return  // Closed by something earlier in this round.
        }
        switch connection.phase {
        case .connecting: connected(connection)
        case .handshaking: shakeHands(connection)
        case .idle, .busy:
            if !connection.unsent.isEmpty { sendRest(connection) }
            if ready.readable != 0, connections[slot] === connection { read(connection, toEnd: ready.ended != 0) }
        }
    }

    /// Reads all there is: the kernel tells of it once.
    ///
    /// - Parameter toEnd: whether the server has closed its side, which comes behind the bytes.
    private func read(_ connection: Connection, toEnd: Bool) {
        while true {
            switch connection.read(into: UnsafeMutableRawBufferPointer(readBuffer)) {
            case .bytes(let count):
                guard take(count, from: connection) else { return }
                // A read that did not fill the buffer has emptied a TCP socket; TLS reads in records of its own.
                if count < readBuffer.count, !toEnd, connection.tls == nil { return }
            case .wait: return
            case .closed: return closedByServer(connection)
            case .failed(let failure): return lost(connection, Outcome(failure), failure.words)
            }
        }
    }

    /// Returns whether the connection goes on being read.
    private func take(_ count: Int, from connection: Connection) -> Bool {
        guard let call = connection.call else {
            // Bytes that nobody asked for.
            drop(connection)
            return false
        }
        let now = clock.now
        let bytes = UnsafeBufferPointer(rebasing: readBuffer[..<count]).span
        let before = call.reader.marks.lastToken
        call.lastRead = now
        let progress = call.reader.take(bytes, at: now)
        if before > 0, call.reader.marks.lastToken > before {
            if !isWarmUp(call.record) { tally.recordGap(at: now, length: now - before) }
        }
        switch progress {
        case .more: return true
        case .whole(let reusable):
            answered(connection, reusable: reusable && plan.capacity.keepsAlive, at: now)
            // Behind the answer there is at most the server's end.
            return connections[connection.slot] === connection
        case .failed(let outcome):
            fail(connection, outcome, "", at: now)
            return false
        }
    }

    // MARK: - Accounts

    func isWarmUp(_ record: RequestRecord) -> Bool { record.scheduled < plan.stop.warmUp }

    /// One more or one less in flight: the area under the curve is what Little's law speaks of.
    func setInFlight(_ count: Int, at now: Nanoseconds) {
        integrate(to: now)
        inFlight = count
        tally.client.mostInFlight = max(tally.client.mostInFlight, count)
        tally.timeline.noteInFlight(count, at: now)
    }

    private func integrate(to now: Nanoseconds) {
        tally.client.inFlightTime += Double(inFlight) * Double(now - inFlightSince)
        inFlightSince = now
    }

    func account(_ record: RequestRecord, sample: String) {
        tally.record(record, sample: sample, objective: plan.objective, isWarmUp: isWarmUp(record))
    }
}

/// When something is to be done for a talker.
struct Wakeup: Comparable {
    var time: Nanoseconds
    /// Keeps equal times in their order.
    var number: Int
    var talker: Talker

    static func < (left: Wakeup, right: Wakeup) -> Bool { (left.time, left.number) < (right.time, right.number) }
    static func == (left: Wakeup, right: Wakeup) -> Bool { left.number == right.number }
}
