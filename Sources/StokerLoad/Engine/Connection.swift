import Glibc
import StokerHost

/// One connection to the server, and the request that it carries. Lives on its loop's thread.
final class Connection {
    /// What it waits for.
    enum Phase: Equatable {
        case connecting, handshaking, idle, busy
    }

    /// Its place in the loop's table; with `generation` it is the token under which epoll knows it.
    let slot: Int
    let generation: UInt32
    let descriptor: Int32
    var phase = Phase.connecting
    var interest = Poller.Interest.readAndWrite
    var tls: TLSSession?
    /// When it was opened.
    let openedAt: Nanoseconds
    /// Which of the server's addresses it goes to.
    let addressIndex: Int
    /// Requests that it has carried before this one.
    var served = 0
    var call: Call?
    /// Of the request, what the socket has not taken yet.
    var unsent: [UInt8] = []
    var unsentOffset = 0

    init(slot: Int, generation: UInt32, descriptor: Int32, openedAt: Nanoseconds, addressIndex: Int) {
        self.slot = slot
        self.generation = generation
        self.descriptor = descriptor
        self.openedAt = openedAt
        self.addressIndex = addressIndex
    }

    deinit {
        tls = nil
        close(descriptor)
    }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    /// Reads once; TLS says by `hasPending` whether to read again.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        if let tls { return tls.read(into: buffer) }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed }
            if errno != EINTR { return Self.failure() }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        if let tls { return tls.write(bytes) }
        while true {
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL.rawValue))
            if count >= 0 { return .bytes(count) }
            if errno == EAGAIN { return .wait(forWriting: true) }
            if errno != EINTR { return Self.failure() }
        }
    }

    /// What became of the attempt to connect: 0, or an error number.
    var connectError: Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    private static func failure() -> TransferResult {
        switch errno {
        case EAGAIN: .wait(forWriting: false)
        case ECONNRESET, EPIPE: .failed(.reset, SystemError.words(errno))
        case ETIMEDOUT: .failed(.idleTimeout, SystemError.words(errno))
        case let code: .failed(.reset, SystemError.words(code))
        }
    }
}

/// A request under way.
struct Call {
    var record = RequestRecord()
    var reader: AnswerReader
    let talker: Talker
    /// When it got hold of a connection, for the deadline of connecting.
    let began: Nanoseconds
    var lastRead: Nanoseconds = 0
    /// Whether it has been sent a second time, because the server closed an idle connection under the first.
    var isSecondTry = false

    init(_ talker: Talker, scheduled: Nanoseconds, began: Nanoseconds, endpoint: LoadTarget.Endpoint) {
        self.talker = talker
        self.began = began
        reader = AnswerReader(endpoint)
        record.scheduled = scheduled
        record.turn = talker.turn
        record.askedTokens = talker.current?.outputTokens
    }

    /// The record as it stands, with what the reader has seen.
    func closed(_ outcome: Outcome, at now: Nanoseconds) -> RequestRecord {
        var record = self.record
        record.outcome = outcome
        record.end = now
        record.status = reader.status
        record.head = reader.headAt
        record.firstToken = reader.marks.firstToken
        record.firstOutput = reader.marks.firstOutput
        record.lastToken = reader.marks.lastToken
        record.tokenEvents = reader.marks.tokenEvents
        record.coalescedEvents = reader.marks.coalescedEvents
        record.bytes = reader.byteCount
        if let usage = reader.usage {
            record.inputTokens = usage.input
            record.outputTokens = usage.output
        }
        return record
    }

    /// Which of the plan's deadlines has passed, if one has.
    func overdue(_ deadlines: LoadDeadlines, at now: Nanoseconds) -> Outcome? {
        guard record.sent > 0 else { return now - began > deadlines.connect ? .connectTimeout : nil }
        if now - record.sent > deadlines.total { return .totalTimeout }
        let hasFirst = reader.marks.firstToken > 0 || (reader.headAt > 0 && !reader.isEventStream)
        if let first = deadlines.firstToken, !hasFirst, now - record.sent > first { return .firstTokenTimeout }
        if let idle = deadlines.idle, now - max(record.sent, lastRead) > idle { return .idleTimeout }
        return nil
    }
}

/// Who asks: a user of a closed loop, session after session, or the one session of an arrival.
final class Talker {
    /// nil: an arrival's; gone when its session is.
    let stay: UserSchedule.Stay?
    var session: Session
    private(set) var turn = 0

    init(_ session: Session, stay: UserSchedule.Stay? = nil) {
        self.session = session
        self.stay = stay
    }

    var current: Turn? { turn < session.turns.count ? session.turns[turn] : nil }

    /// Goes on to the next turn, and returns whether there is one.
    func advance() -> Bool {
        turn += 1
        return turn < session.turns.count
    }

    func begin(_ next: Session) {
        session = next
        turn = 0
    }
}
