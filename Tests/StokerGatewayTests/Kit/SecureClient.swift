import NIOCore
import StokerHost
import StokerNet
import Synchronization

/// A client that speaks TLS and sends exactly the bytes that a test names.
final class SecureClient: Sendable {
    let transcript = Transcript()
    private let mailbox: Mailbox<Line>
    private let fault = Mutex<String?>(nil)

    /// - Parameter roots: the PEM file of the only certificate that is trusted; nil trusts all.
    init(port: Int, trusting roots: String? = nil) throws {
        let tls = try TLSClient(host: "127.0.0.1", isInsecure: roots == nil, authorities: roots)
        mailbox = try Mailbox()
        let mailbox = mailbox
        try OwnThread.start { [self] in
            guard let loop = try? SocketLoop(bell: mailbox.bell),
                let address = NetAddress(numeric: "127.0.0.1", port: UInt16(port))
            else { return transcript.close() }
            let line = Line(loop) { self.hear($0) }
            line.socket = try? loop.connect(to: address, owner: line, tls: tls)
            loop.run { mailbox.open(for: line) }
            transcript.close()
        }
    }

    /// Why the connection failed; nil: it has not.
    var failure: String? { fault.withLock { $0 } }

    func send(_ text: String) {
        mailbox.execute { line in
            line.socket?.output.writeString(text)
            line.socket?.flush()
        }
    }

    func close() {
        mailbox.execute { line in
            line.socket?.close()
            line.loop.stop()
        }
    }

    func responses(_ count: Int) async -> [TestResponse] {
        TestResponse.parse(await transcript.wait { TestResponse.parse($0).count >= count })
    }

    /// Sends one request and waits for its response, nil when the connection ends instead.
    func roundTrip(_ request: String) async -> TestResponse? {
        let before = TestResponse.parse(transcript.text).count
        send(request)
        let all = await responses(before + 1)
        return all.count > before ? all[before] : nil
    }

    private func hear(_ event: Line.Event) {
        switch event {
        case .bytes(let bytes): transcript.append(bytes)
        case .end: transcript.close()
        case .failure(let words):
            fault.withLock { $0 = words }
            transcript.close()
        }
    }

    /// What lives on the client's thread.
    final class Line: StreamOwner {
        enum Event {
            case bytes(ByteBuffer)
            case end
            case failure(String)
        }

        let loop: SocketLoop
        var socket: StreamSocket?
        private let tell: (Event) -> Void

        init(_ loop: SocketLoop, _ tell: @escaping (Event) -> Void) {
            self.loop = loop
            self.tell = tell
        }

        // What was written before the handshake goes now.
        func connected() { socket?.flush() }
        func received(_ bytes: borrowing Span<UInt8>) {
            tell(.bytes(bytes.withUnsafeBufferPointer { ByteBuffer(bytes: $0) }))
        }
        func receivedAll() {}
        func outputPiles(_ isPiling: Bool) {}
        func inputEnded() {
            tell(.end)
            socket?.close()
            loop.stop()
        }
        func failed(_ failure: TransferFailure) {
            tell(.failure(failure.words))
            loop.stop()
        }
    }
}
