import CLinux
import Glibc
import HeapModule
package import StokerHost

/// One thread's sockets, timers and messages: an epoll instance, edge-triggered, and nothing shared with other threads.
///
/// All of it, and all that its sockets' owners do, happens on the thread that calls `run`.
package final class SocketLoop {
    /// With so many streams under way the loop looks for bytes once each `pause` at most: to wake up for each event
    /// costs more than to pass it on, here and for all who wait for the processor. An event is then late by half of it.
    package static let crowd = 128
    private static let pause: Int64 = 500_000
    private static let readSize = 64 << 10
    /// Connections, bell and watched descriptors share the tokens; a connection's has its generation in the upper half
    /// and never this bit.
    private static let watchBit = UInt64(1) << 63
    private static let bellToken = UInt64.max

    /// Monotonic; as of the latest look at the sockets, so it costs nothing.
    package private(set) var now: Duration
    /// The same as a number.
    package private(set) var nanoseconds: Int64 {
        didSet { now = .nanoseconds(nanoseconds) }
    }
    /// How many streams are flowing.
    package private(set) var streams = 0
    /// When it last looked for bytes in a crowd.
    private var lastLook: Int64 = 0
    private var poller: Poller
    private var sockets: [StreamSocket?] = []
    private var freeSlots: [Int] = []
    private var generation: UInt32 = 0
    /// Sockets with something left to do that the kernel will not tell of again.
    private var unfinished: [StreamSocket] = []
    /// Sockets with something written in this round.
    private var unsent: [StreamSocket] = []
    private var timers = Heap<Timer>()
    private var timerNumber = 0
    private var watches: [UInt64: (descriptor: Descriptor, body: () -> Void)] = [:]
    private var watchNumber: UInt64 = 0
    private var isStopped = false
    private let bell: Bell
    private let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SocketLoop.readSize, alignment: 16)

    /// - Parameter bell: what wakes the loop when there is work for it in its mailbox.
    package init(bell: Bell) throws(SystemError) {
        self.bell = bell
        poller = try Poller()
        nanoseconds = clinux_monotonic_time()
        now = .nanoseconds(nanoseconds)
        guard poller.addLevel(bell.descriptor.number, token: Self.bellToken) else { throw SystemError("epoll_ctl") }
    }

    deinit { readBuffer.deallocate() }

    // MARK: Running

    /// Runs until `stop`.
    ///
    /// - Parameter onBell: called when there is work in the mailbox.
    package func run(onBell: () -> Void) {
        // OpenSSL writes without MSG_NOSIGNAL; blocked here, the signal of a connection that is gone ends nobody.
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
        while !isStopped {
            let count = look()
            nanoseconds = clinux_monotonic_time()
            for index in 0..<count { handle(poller[index], onBell) }
            // Before the rest is read: nobody's output grows by more than one turn unsent.
            sendAll()
            finishRest()
            fireTimers()
            sendAll()
        }
        closeAll()
    }

    /// Waits until something is to be done.
    private func look() -> Int {
        guard unfinished.isEmpty else { return poller.wait(0) }
        let timeout = untilNextTimer()
        guard streams >= Self.crowd, poller.readyCount < Poller.batch else { return poller.wait(timeout) }
        let rest = lastLook + Self.pause - clinux_monotonic_time()
        if rest > 0 { Poller.rest(min(rest, timeout)) }
        let count = poller.wait(untilNextTimer())
        lastLook = clinux_monotonic_time()
        return count
    }

    /// Ends `run` after the present round and closes every socket.
    package func stop() { isStopped = true }

    private func handle(_ ready: clinux_ready, _ onBell: () -> Void) {
        switch ready.token {
        case Self.bellToken:
            bell.silence()
            onBell()
        case let token where token & Self.watchBit != 0: watches[token]?.body()
        default:
            let slot = Int(ready.token & 0xFFFF_FFFF)
            // Closed by something earlier in this round?
            guard slot < sockets.count, let socket = sockets[slot], socket.token == ready.token else { return }
            socket.ready(isReadable: ready.readable != 0, hasEnded: ready.ended != 0)
        }
    }

    private func finishRest() {
        guard !unfinished.isEmpty else { return }
        let due = unfinished
        unfinished = []
        for socket in due { socket.finishRest() }
    }

    /// Sends what the round has written, all in one go. Sent one by one, each would wake its receiver, who then works
    /// on it alone, in place of this thread: at 64 busy connections three times as many switches between threads.
    private func sendAll() {
        var index = 0
        // Room that is made may let others write, who are then added.
        while index < unsent.count {
            if unsent[index].isDue { unsent[index].sendWritten() }
            index += 1
        }
        unsent.removeAll(keepingCapacity: true)
    }

    private func closeAll() {
        watches = [:]
        for case let socket? in sockets { socket.close() }
        timers = Heap()
    }

    // MARK: Timers

    private struct Timer: Comparable {
        /// Nanoseconds.
        var time: Int64
        /// Keeps equal times in their order.
        var number: Int
        var body: () -> Void

        static func < (left: Timer, right: Timer) -> Bool { (left.time, left.number) < (right.time, right.number) }
        static func == (left: Timer, right: Timer) -> Bool { left.number == right.number }
    }

    /// Calls the body once, that much later. It cannot be taken back: the body looks whether it still means anything.
    package func after(_ delay: Duration, _ body: @escaping () -> Void) {
        timerNumber += 1
        let (seconds, attoseconds) = delay.components
        let time = clinux_monotonic_time() + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        timers.insert(Timer(time: time, number: timerNumber, body: body))
    }

    /// Nanoseconds.
    private func untilNextTimer() -> Int64 {
        guard let first = timers.min else { return 3_600_000_000_000 }
        return max(0, first.time - clinux_monotonic_time())
    }

    private func fireTimers() {
        while let first = timers.min, first.time <= nanoseconds {
            timers.removeMin()
            first.body()
        }
    }

    // MARK: Sockets

    /// Takes over a connected socket that does not block.
    ///
    /// - Returns: nil when the kernel refuses to watch it; it is closed then.
    package func adopt(_ descriptor: Int32, owner: any StreamOwner, tls: TLSSession? = nil) -> StreamSocket? {
        add(StreamSocket(descriptor, on: self, slot: nextSlot(), owner: owner, tls: tls, isConnected: true))
    }

    /// Begins to connect; the owner is told when the connection stands, or that it failed.
    package func connect(
        to address: NetAddress, owner: any StreamOwner, tls: TLSClient? = nil
    ) throws(SystemError) -> StreamSocket {
        let descriptor = try address.connect()
        let session = tls.flatMap { $0.session(over: descriptor) }
        // Never in the clear what was to go by TLS.
        if tls != nil, session == nil {
            Glibc.close(descriptor)
            throw SystemError("begin TLS", code: ENOMEM)
        }
        let socket = StreamSocket(
            descriptor, on: self, slot: nextSlot(), owner: owner, tls: session, isConnected: false)
        guard let added = add(socket) else { throw SystemError("epoll_ctl") }
        return added
    }

    private func nextSlot() -> (Int, UInt32) {
        generation &+= 1
        return (freeSlots.popLast() ?? sockets.count, generation & 0x7FFF_FFFF)
    }

    private func add(_ socket: StreamSocket) -> StreamSocket? {
        if socket.slot == sockets.count { sockets.append(socket) } else { sockets[socket.slot] = socket }
        guard poller.add(socket.descriptor, token: socket.token) else {
            socket.close()
            return nil
        }
        return socket
    }

    func forget(_ socket: StreamSocket) {
        sockets[socket.slot] = nil
        freeSlots.append(socket.slot)
    }

    /// Comes back to the socket in this round or the next.
    func finishLater(_ socket: StreamSocket) { unfinished.append(socket) }

    /// A stream has begun, or has ended.
    func noteStream(_ flows: Bool) { streams += flows ? 1 : -1 }

    /// Has the socket send at the end of this round.
    func sendLater(_ socket: StreamSocket) { unsent.append(socket) }

    /// Lets the body see what one read brings: the bytes lie in the loop's own buffer and are gone afterwards.
    func withReadBuffer<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result { body(readBuffer) }

    // MARK: Watching

    /// What ends a watch.
    package struct Watch: Equatable {
        fileprivate let token: UInt64
    }

    /// Calls the body as long as the descriptor is readable: for sockets that listen. nil when the kernel refuses.
    package func watch(_ descriptor: Descriptor, _ body: @escaping () -> Void) -> Watch? {
        watchNumber += 1
        let token = Self.watchBit | watchNumber
        guard poller.addLevel(descriptor.number, token: token) else { return nil }
        watches[token] = (descriptor, body)
        return Watch(token: token)
    }

    /// Watches no more.
    package func end(_ watch: Watch) {
        guard let ended = watches.removeValue(forKey: watch.token) else { return }
        poller.remove(ended.descriptor.number)
    }
}
