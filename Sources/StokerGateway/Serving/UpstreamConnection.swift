import NIOCore
import StokerCore
import StokerHost
import StokerNet
import StokerWire

/// One connection to a backend; carries one request at a time. Confined to its loop.
final class UpstreamConnection: StreamOwner {
    let cell: BackendCell
    private let loop: GatewayLoop
    private var socket: StreamSocket?
    private var reader = ResponseReader()
    /// Who waits for the response; nil while idle.
    private var owner: Forwarding?
    /// What is to be sent once the connection stands.
    private var pending: ByteBuffer?
    private var served = 0
    private var isConnected = false

    /// Whether it has carried a request before: a failure may then mean only that it was stale.
    var isReused: Bool { served > 1 }

    init(_ cell: BackendCell, loop: GatewayLoop) {
        self.cell = cell
        self.loop = loop
    }

    // MARK: What the owner calls

    /// Opens the connection and sends the request as soon as it stands; failures are reported to the owner, later.
    func open(
        to backend: CompiledTable.Backend, within timeout: Duration, for owner: Forwarding, sending request: ByteBuffer
    ) {
        self.owner = owner
        pending = request
        loop.resolve(backend) { address in
            // The owner may have turned away while the name was looked up.
            guard self.owner != nil else { return }
            guard let address else {
                return self.failLater("the name \(backend.route.address.host) cannot be resolved")
            }
            do throws(SystemError) {
                self.socket = try self.loop.events.connect(to: address, owner: self, tls: backend.cell.tls)
            } catch {
                self.failLater(SystemError.words(error.code).lowercased())
            }
        }
        loop.events.after(timeout) { self.isLate() }
    }

    /// Sends what `write` writes over a connection taken from the pool.
    func send(for owner: Forwarding, _ write: (inout ByteBuffer) -> Void) {
        self.owner = owner
        begin(write)
    }

    /// Stops or starts reading, so that a slow client slows the backend down.
    func setReading(_ reads: Bool) { socket?.setReading(reads) }

    /// An event stream begins.
    func expectStream() { socket?.expectStream(true) }

    /// Closes at once: the backend notices, and stops working for nobody.
    func close() {
        owner = nil
        pending = nil
        socket?.close()
        socket = nil
    }

    // MARK: StreamOwner

    func connected() {
        isConnected = true
        guard owner != nil, let request = pending else { return close() }
        pending = nil
        begin { $0.writeImmutableBuffer(request) }
    }

    func received(_ bytes: borrowing Span<UInt8>) {
        // Bytes that nobody asked for: an answer to a request that was never sent.
        guard let owner else { return leavePool() }
        cell.heard(at: loop.events.nanoseconds)
        var index = 0
        do throws(WireFault) {
            while self.owner != nil {
                switch try reader.next(bytes, at: &index) {
                case .needsMore: return
                case .head(let head, let headBytes): owner.upstream(self, head: head, bytes: headBytes)
                case .data(let range): owner.upstream(self, data: bytes, range)
                case .end(let reusable): return ended(reusable: reusable)
                }
            }
        } catch {
            fail(.malformed(error))
        }
    }

    func receivedAll() { owner?.upstreamPausedReading() }

    func inputEnded() {
        guard let owner else { return leavePool() }
        switch reader.ending {
        case .complete: ended(reusable: false)
        case .truncated: fail(.truncated)
        case .idle, .early: fail(.closedEarly)
        }
        owner.upstreamPausedReading()
    }

    func failed(_ failure: TransferFailure) {
        guard owner != nil else { return leavePool() }
        if !isConnected {
            fail(failure.kind == .timedOut ? .connectTimeout : .connect(failure.words.lowercased()))
        } else if case .truncated = reader.ending {
            fail(.truncated)
        } else {
            fail(.closedEarly)
        }
    }

    func outputPiles(_ isPiling: Bool) {}

    // MARK: Details

    private func begin(_ write: (inout ByteBuffer) -> Void) {
        guard let socket else { return }
        served += 1
        reader.expectResponse()
        write(&socket.output)
        socket.flush()
    }

    private func ended(reusable: Bool) {
        let owner = detach()
        socket?.expectStream(false)
        if reusable, socket?.unsent == 0 {
            setReading(true)
            loop.park(self)
        } else {
            close()
        }
        owner?.upstreamEnded(self)
        owner?.upstreamPausedReading()
    }

    private func isLate() {
        guard !isConnected, owner != nil else { return }
        fail(.connectTimeout)
    }

    /// The owner is calling, and not ready for the answer.
    private func failLater(_ why: String) {
        loop.events.after(.zero) { self.fail(.connect(why)) }
    }

    private func fail(_ failure: AttemptFailure) {
        let owner = detach()
        close()
        owner?.upstream(self, failed: failure)
    }

    private func leavePool() {
        loop.forget(self)
        close()
    }

    private func detach() -> Forwarding? {
        defer { owner = nil }
        return owner
    }
}
