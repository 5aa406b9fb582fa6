import Glibc
import NIOCore
import StokerHost
import StokerNet
import Synchronization
import Testing

@Suite("The event loop", .timeLimit(.minutes(1)))
struct SocketLoopTests {
    /// Runs a loop on a thread of its own, hands it to `work`, and returns what `finish` was given.
    static func onLoop<Answer: Sendable>(
        _ work: @escaping @Sendable (SocketLoop, _ finish: @escaping @Sendable (Answer) -> Void) -> Void
    ) async throws -> Answer {
        let mailbox = try Mailbox<SocketLoop>()
        return try await withCheckedThrowingContinuation { continuation in
            do throws(SystemError) {
                try OwnThread.start {
                    guard let loop = try? SocketLoop(bell: mailbox.bell) else { return }
                    mailbox.execute { loop in
                        work(loop) { answer in
                            continuation.resume(returning: answer)
                            mailbox.execute { $0.stop() }
                        }
                    }
                    loop.run { mailbox.open(for: loop) }
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    @Test func `timers fire in the order of their time, equal ones in the order of their making`() async throws {
        let order: [Int] = try await Self.onLoop { loop, finish in
            let fired = Fired()
            loop.after(.milliseconds(20)) { fired.note(4) }
            loop.after(.milliseconds(1)) { fired.note(2) }
            loop.after(.milliseconds(1)) { fired.note(3) }
            loop.after(.zero) { fired.note(1) }
            loop.after(.milliseconds(21)) { finish(fired.numbers) }
        }
        #expect(order == [1, 2, 3, 4])
    }

    @Test func `what is written on one side is read on the other, and an end is told after the bytes`() async throws {
        let said: [String] = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish([]) }
            let reader = Reader { finish($0) }
            reader.socket = loop.adopt(near, owner: reader)
            let writer = Reader { _ in }
            writer.socket = loop.adopt(far, owner: writer)
            writer.socket?.output.writeString("hello")
            writer.socket?.flush()
            writer.socket?.endOutput()
        }
        #expect(said == ["hello", "all", "end"])
    }

    @Test func `who stops reading gets the rest when he reads again`() async throws {
        let said: [String] = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish([]) }
            let reader = Reader { finish($0) }
            reader.socket = loop.adopt(near, owner: reader)
            reader.socket?.setReading(false)
            let writer = Reader { _ in }
            writer.socket = loop.adopt(far, owner: writer)
            writer.socket?.output.writeString("late")
            writer.socket?.endOutput()
            loop.after(.milliseconds(10)) {
                reader.said.append("resumed")
                reader.socket?.setReading(true)
            }
        }
        #expect(said == ["resumed", "late", "all", "end"])
    }

    @Test func `more than a socket takes is sent when there is room, and the pile is told`() async throws {
        let size = 8 << 20
        let (received, piles): (Int, [String]) = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish((0, [])) }
            let writer = Reader { _ in }
            let reader = Reader(counts: true) { _ in }
            reader.whenEnded = { finish((reader.count, writer.said)) }
            reader.socket = loop.adopt(near, owner: reader)
            writer.socket = loop.adopt(far, owner: writer)
            writer.socket?.output.writeRepeatingByte(0x61, count: size)
            writer.socket?.endOutput()
        }
        #expect(received == size)
        #expect(piles == ["piles", "little"])
    }

    @Test func `what is added while the socket takes nothing is noticed as a pile, once`() async throws {
        let piles: [String] = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish([]) }
            let reader = Reader { _ in }
            let writer = Reader { _ in }
            reader.socket = loop.adopt(near, owner: reader)
            reader.socket?.setReading(false)
            writer.socket = loop.adopt(far, owner: writer)
            func add(_ times: Int) {
                guard times > 0 else { return finish(writer.said) }
                writer.socket?.output.writeRepeatingByte(0x61, count: 16 << 10)
                writer.socket?.flush()
                loop.after(.zero) { add(times - 1) }
            }
            add(64)
        }
        #expect(piles == ["piles"])
    }

    @Test func `what a round writes is sent at its end, in one go`() async throws {
        let (sent, said): (Int?, [String]) = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish((nil, [])) }
            let writer = Reader { _ in }
            writer.socket = loop.adopt(far, owner: writer)
            for word in ["two ", "words"] {
                writer.socket?.output.writeString(word)
                writer.socket?.flush()
            }
            let sent = writer.socket?.sent
            let reader = Reader { finish((sent, $0)) }
            reader.socket = loop.adopt(near, owner: reader)
            loop.after(.milliseconds(1)) { writer.socket?.endOutput() }
        }
        #expect(sent == 0)
        #expect(said == ["two words", "all", "all", "end"])
    }

    @Test func `what is written before a close in the same round is sent`() async throws {
        let said: [String] = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish([]) }
            let reader = Reader { finish($0) }
            reader.socket = loop.adopt(near, owner: reader)
            let writer = Reader { _ in }
            writer.socket = loop.adopt(far, owner: writer)
            writer.socket?.output.writeString("last words")
            writer.socket?.flush()
            writer.socket?.close()
        }
        #expect(said.first == "last words")
        #expect(said.last == "end")
    }

    @Test func `a stream is counted while it flows, however it ends`() async throws {
        let counts: [Int] = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish([]) }
            let reader = Reader { _ in }
            let (one, other) = (loop.adopt(near, owner: reader), loop.adopt(far, owner: reader))
            var counts = [loop.streams]
            func note(_ change: () -> Void) {
                change()
                counts.append(loop.streams)
            }
            note { one?.expectStream(true) }
            note { one?.expectStream(true) }
            note { other?.expectStream(true) }
            note { one?.expectStream(false) }
            note { one?.expectStream(false) }
            note { other?.close() }
            note { other?.expectStream(true) }
            finish(counts)
        }
        #expect(counts == [0, 1, 1, 2, 1, 1, 0, 0])
    }

    @Test func `in a crowd of streams bytes are gathered, and none is lost`() async throws {
        let said: [String] = try await Self.onLoop { loop, finish in
            let idle = Reader { _ in }
            for _ in 0..<SocketLoop.crowd / 2 {
                guard let (near, far) = SocketPair.make() else { return finish([]) }
                for socket in [near, far] { loop.adopt(socket, owner: idle)?.expectStream(true) }
            }
            guard let (near, far) = SocketPair.make() else { return finish([]) }
            let reader = Reader { finish($0) }
            reader.socket = loop.adopt(near, owner: reader)
            func write(_ words: [String]) {
                guard let word = words.first else { return close(far) == 0 ? () : finish([]) }
                _ = word.withCString { Glibc.write(far, $0, strlen($0)) }
                loop.after(.microseconds(10)) { write(Array(words.dropFirst())) }
            }
            write(["a", "b", "c"])
        }
        #expect(said.filter { $0.count == 1 || !["all", "end"].contains($0) }.joined() == "abc")
        #expect(said.last == "end")
    }

    @Test func `whoever ends its output sees at once what is sent`() async throws {
        let (sent, unsent): (Int?, Int?) = try await Self.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish((nil, nil)) }
            let reader = Reader { _ in }
            reader.socket = loop.adopt(near, owner: reader)
            let writer = Reader { _ in }
            writer.socket = loop.adopt(far, owner: writer)
            writer.socket?.output.writeString("word")
            writer.socket?.endOutput()
            finish((writer.socket?.sent, writer.socket?.unsent))
        }
        #expect(sent == 4)
        #expect(unsent == 0)
    }

    @Test func `a connection that is refused fails with the kernel's words`() async throws {
        let words: [String] = try await Self.onLoop { loop, finish in
            let reader = Reader { finish($0) }
            guard let address = NetAddress(socketPath: "/nowhere/at/all") else { return finish([]) }
            do throws(SystemError) {
                reader.socket = try loop.connect(to: address, owner: reader)
            } catch {
                finish([SystemError.words(error.code)])
            }
        }
        #expect(words == ["No such file or directory"])
    }

    /// Numbers in the order that they came.
    private final class Fired: Sendable {
        private let list = Mutex<[Int]>([])
        var numbers: [Int] { list.withLock { $0 } }
        func note(_ number: Int) { list.withLock { $0.append(number) } }
    }
}

/// Two connected sockets that do not block.
enum SocketPair {
    static func make() -> (Int32, Int32)? {
        var pair: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return socketpair(AF_UNIX, kind, 0, &pair) == 0 ? (pair[0], pair[1]) : nil
    }
}

/// Writes down what it is told. Confined to its loop.
private final class Reader: StreamOwner {
    var socket: StreamSocket?
    var said: [String] = []
    var count = 0
    var whenEnded: (() -> Void)?
    private let counts: Bool
    private let ended: ([String]) -> Void

    init(counts: Bool = false, ended: @escaping ([String]) -> Void) {
        self.counts = counts
        self.ended = ended
    }

    func connected() { said.append("connected") }

    func received(_ bytes: borrowing Span<UInt8>) {
        count += bytes.count
        if !counts { said.append(bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }) }
    }

    func receivedAll() { if !counts { said.append("all") } }
    func outputPiles(_ isPiling: Bool) { said.append(isPiling ? "piles" : "little") }

    func inputEnded() {
        said.append("end")
        ended(said)
        whenEnded?()
    }

    func failed(_ failure: TransferFailure) { ended([failure.words]) }
}
