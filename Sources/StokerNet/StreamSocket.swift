import Glibc
package import NIOCore
import StokerHost

/// Who is told what happens on a connection. Called on the loop's thread, and but for `outputPiles` never from within a
/// call to the socket.
package protocol StreamOwner: AnyObject {
    /// The connection stands and the TLS handshake is made; not for plain connections that came in, which always stand.
    func connected()
    /// Bytes have come; they are there during the call only.
    func received(_ bytes: borrowing Span<UInt8>)
    /// All that had come was handed over: a good moment to let go what was written meanwhile.
    func receivedAll()
    /// The other side sends no more; it may still read.
    func inputEnded()
    /// The connection is of no use any more, and closed.
    func failed(_ failure: TransferFailure)
    /// What was written is piling up, or has become little again.
    func outputPiles(_ isPiling: Bool)
}

/// A connection over TCP or a unix socket, by TLS or plain, that never blocks. Confined to its loop's thread.
package final class StreamSocket {
    private enum Phase {
        case connecting, handshaking, open, closed
    }

    /// What a slow reader may hold in our memory: at most a read more than the upper mark.
    private static let piling = 128 << 10
    private static let little = 32 << 10
    /// How much one socket may bring before the others have their turn.
    private static let turn = 64 << 10
    /// An idle connection keeps no more storage than this.
    private static let keptStorage = 8 << 10

    /// What is written and not yet sent: append, then `flush`.
    package var output = ByteBuffer()
    /// Whether the other side has ended its half.
    package private(set) var hasInputEnded = false
    let descriptor: Int32
    let slot: Int
    private let generation: UInt32
    /// Refers back until `close`.
    private let loop: SocketLoop
    private var owner: (any StreamOwner)?
    private var tls: TLSSession?
    private var phase: Phase
    private var isReading = true
    /// The kernel has told of bytes, or of the end, that are not read yet.
    private var hasUnread = false
    private var isPiling = false
    /// Something is written that the loop will send at the end of its round.
    private(set) var isDue = false
    private var isStream = false
    private var isWaitingForRoom = false
    /// Nothing follows what is written: our half ends behind it.
    private var endsOutput = false
    private var hasEndedOutput = false
    private var failure: TransferFailure?

    init(
        _ descriptor: Int32, on loop: SocketLoop, slot: (Int, UInt32), owner: any StreamOwner, tls: TLSSession?,
        isConnected: Bool
    ) {
        self.descriptor = descriptor
        self.loop = loop
        (self.slot, generation) = slot
        self.owner = owner
        self.tls = tls
        phase = !isConnected ? .connecting : tls == nil ? .open : .handshaking
    }

    deinit {
        tls = nil
        Glibc.close(descriptor)
    }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    /// Bytes that the kernel has not taken yet.
    package var unsent: Int { output.readableBytes }

    /// Bytes that the kernel has taken since the beginning.
    package private(set) var sent = 0

    // MARK: What the owner calls

    /// Has what is written sent at the end of the loop's round, as much as the socket takes; the rest goes when there
    /// is room.
    package func flush() {
        guard phase == .open, !isDue, output.readableBytes > 0 else { return }
        isDue = true
        loop.sendLater(self)
    }

    /// Stops or starts reading.
    package func setReading(_ reads: Bool) {
        guard reads != isReading else { return }
        isReading = reads
        if reads, hasUnread { loop.finishLater(self) }
    }

    /// Ends our half once everything written is sent; the other half stays open.
    package func endOutput() {
        endsOutput = true
        // At once: who ends may look whether all is sent.
        sendWritten()
    }

    /// Says whether events come one by one, many a second, until it is said otherwise or the connection is closed.
    package func expectStream(_ flows: Bool) {
        guard phase == .open, flows != isStream else { return }
        isStream = flows
        loop.noteStream(flows)
        if flows { Transfer.delayAcknowledgements(descriptor) }
    }

    /// Closes at once; the owner is not told, and not kept.
    package func close() {
        guard phase != .closed else { return }
        if phase == .open, isDue, !isWaitingForRoom { send() }
        expectStream(false)
        if phase == .open, !hasEndedOutput { tls?.sayGoodbye() }
        phase = .closed
        owner = nil
        output = ByteBuffer()
        loop.forget(self)
        // The descriptor stays until the last reference goes, so that its number cannot become another connection's
        // within this round; the other side is told now.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    // MARK: What the loop calls

    func ready(isReadable: Bool, hasEnded: Bool) {
        switch phase {
        case .closed: return
        case .connecting: connected()
        case .handshaking: shakeHands()
        case .open:
            if isWaitingForRoom {
                isWaitingForRoom = false
                flush()
            }
            if isReadable {
                hasUnread = true
                if isReading { read(toEnd: hasEnded) }
                // Reading says no more than that there is nothing.
                if hasEnded, !isReading || hasInputEnded { lookForReset() }
            }
            deliverFailure()
        }
    }

    func sendWritten() {
        isDue = false
        guard phase == .open else { return }
        if !isWaitingForRoom { send() }
        notePile()
    }

    func finishRest() {
        guard phase == .open else { return }
        if hasUnread, isReading { read(toEnd: true) }
        deliverFailure()
    }

    // MARK: Connecting

    private func connected() {
        let code = Transfer.pendingError(descriptor)
        guard code == 0 else { return fail(TransferFailure(code: code)) }
        phase = tls == nil ? .open : .handshaking
        if tls == nil { stands() } else { shakeHands() }
    }

    private func stands() {
        phase = .open
        owner?.connected()
        // What came with the end of the handshake is told no second time.
        hasUnread = true
        if phase == .open, isReading, tls != nil { read(toEnd: true) }
        deliverFailure()
    }

    private func shakeHands() {
        switch tls?.handshake() {
        case .bytes: stands()
        case .wait: break
        case .closed, nil: fail(TransferFailure(.tls, "the other side closed during the TLS handshake"))
        case .failed(let failure): fail(failure)
        }
    }

    // MARK: Reading

    /// - Parameter toEnd: whether to read until there is nothing: the kernel tells once of bytes, and the end comes
    ///   behind them.
    private func read(toEnd: Bool) {
        var taken = 0
        let goesToEnd = toEnd || tls != nil
        reading: while phase == .open, isReading {
            guard taken < Self.turn else {
                loop.finishLater(self)
                break
            }
            let result = loop.withReadBuffer { buffer in
                let result = Transfer.read(descriptor, tls, into: buffer)
                if case .bytes(let count) = result {
                    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                    hasUnread = count == buffer.count || goesToEnd
                    bytes.withMemoryRebound(to: UInt8.self) { owner?.received($0.span) }
                }
                return result
            }
            switch result {
            case .bytes(let count):
                taken += count
                // A read that did not fill the buffer has emptied the socket.
                if !hasUnread { break reading }
            case .wait:
                hasUnread = false
                break reading
            case .closed:
                hasUnread = false
                endInput()
                return
            case .failed(let failure):
                self.failure = failure
                break reading
            }
        }
        if phase == .open { owner?.receivedAll() }
    }

    private func endInput() {
        guard !hasInputEnded else { return }
        hasInputEnded = true
        owner?.receivedAll()
        if phase == .open { owner?.inputEnded() }
    }

    /// The other side is gone while nobody reads: an end can wait behind its bytes, a reset cannot.
    private func lookForReset() {
        let code = Transfer.pendingError(descriptor)
        if code != 0 { failure = TransferFailure(code: code) }
    }

    // MARK: Writing

    private func send() {
        while output.readableBytes > 0 {
            let result = output.withUnsafeReadableBytes { Transfer.write(descriptor, tls, $0) }
            switch result {
            case .bytes(let count):
                output.moveReaderIndex(forwardBy: count)
                sent &+= count
            case .wait:
                isWaitingForRoom = true
                // Else what was sent would stay in front of what is added as long as the buffer is never empty.
                if output.readerIndex > output.readableBytes { output.discardReadBytes() }
                return
            case .closed: return failLater(TransferFailure(.reset, "the other side has closed"))
            case .failed(let failure): return failLater(failure)
            }
        }
        if output.storageCapacity > Self.keptStorage { output = ByteBuffer() } else { output.clear() }
        guard endsOutput, !hasEndedOutput else { return }
        hasEndedOutput = true
        tls?.sayGoodbye()
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func notePile() {
        let unsent = output.readableBytes
        guard isPiling ? unsent < Self.little : unsent > Self.piling else { return }
        isPiling.toggle()
        owner?.outputPiles(isPiling)
    }

    // MARK: Failing

    /// A failure met while the owner is calling is told a little later: nobody is called back from his own call.
    private func failLater(_ failure: TransferFailure) {
        self.failure = failure
        loop.finishLater(self)
    }

    private func deliverFailure() {
        if phase == .open, let failure { fail(failure) }
    }

    private func fail(_ failure: TransferFailure) {
        let owner = self.owner
        close()
        owner?.failed(failure)
    }
}
