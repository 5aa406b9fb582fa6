import CLinux
import Glibc
import StokerCore
import StokerHost
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventPollTests {
    private func pipe() throws -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw SystemError("pipe") }
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }

    /// Makes a descriptor readable.
    private func ring(_ descriptor: Descriptor) { _ = write(descriptor.number, "x", 1) }

    private func take(_ descriptor: Descriptor) {
        var byte: UInt8 = 0
        _ = read(descriptor.number, &byte, 1)
    }

    @Test("a handler is called when there is something to read, each time")
    func readable() async throws {
        let poll = try EventPoll()
        let (reader, writer) = try pipe()
        let (calls, called) = AsyncStream.makeStream(of: Void.self)
        _ = try poll.watch(reader) {
            var byte: UInt8 = 0
            _ = read(reader.number, &byte, 1)
            called.yield()
        }
        var iterator = calls.makeAsyncIterator()
        for _ in 0..<3 {
            ring(writer)
            await iterator.next()
        }
        poll.close()
    }

    @Test("an ended watch is not called any more")
    func ended() async throws {
        let poll = try EventPoll()
        let (silent, rung) = try pipe()
        let (other, bell) = try pipe()
        let calls = Mutex(0)
        let watch = try poll.watch(silent) { calls.withLock { $0 += 1 } }
        poll.end(watch)
        ring(rung)
        // When a later one is heard, the earlier would have been.
        await withCheckedContinuation { continuation in
            let waiting = Mutex<CheckedContinuation<Void, Never>?>(continuation)
            _ = try? poll.watch(other) {
                take(other)
                waiting.withLock { waiting in
                    waiting?.resume()
                    waiting = nil
                }
            }
            ring(bell)
        }
        #expect(calls.withLock { $0 } == 0)
        poll.close()
    }

    @Test("room to write is told only when it is asked for")
    func writable() async throws {
        let poll = try EventPoll()
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (socket, other) = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
        let (calls, called) = AsyncStream.makeStream(of: Void.self)
        let watch = try poll.watch(socket) { called.yield() }
        poll.change(watch, to: .readableAndWritable)
        var iterator = calls.makeAsyncIterator()
        await iterator.next()
        poll.close()
        withExtendedLifetime(other) {}
    }

    @Test("the end of a process is told through its pidfd")
    func process() async throws {
        let poll = try EventPoll()
        let pid = try Spawn.start(Spawn.Request(command: ["/bin/true"], environment: [], descriptors: []))
        let end = Descriptor(owning: clinux_pidfd_open(pid))
        let (calls, called) = AsyncStream.makeStream(of: Void.self)
        _ = try poll.watch(end) { called.yield() }
        var iterator = calls.makeAsyncIterator()
        await iterator.next()
        #expect(Spawn.reap(pid) == .code(0))
        #expect(Spawn.reap(pid) == nil)
        poll.close()
    }

    @Test("what cannot be watched is refused")
    func refused() throws {
        let poll = try EventPoll()
        let directory = try TemporaryDirectory()
        let file = try Descriptor.open(try directory.write("x", to: "file"), O_RDONLY)
        #expect(throws: SystemError("epoll_ctl", code: EPERM)) { _ = try poll.watch(file) {} }
        poll.close()
    }
}

@Suite struct OwnThreadTests {
    @Test("a body runs on another thread, and its result comes back")
    func result() async {
        let own = pthread_self()
        #expect(await OwnThread.run { pthread_equal(pthread_self(), own) == 0 })
    }

    @Test("threads run beside each other: none waits for another to end")
    func parallel() async throws {
        var ends: [Int32] = [-1, -1]
        #expect(clinux_pipe(&ends) == 0)
        let (reader, writer) = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
        async let first = OwnThread.run { reader.waitUntilReadable(Deadline(after: .seconds(20))) }
        await OwnThread.run { _ = write(writer.number, "x", 1) }
        #expect(await first)
    }
}

@Suite struct DeadlineTests {
    @Test("what is not readable by the deadline is not waited for any longer")
    func passes() throws {
        var ends: [Int32] = [-1, -1]
        #expect(clinux_pipe(&ends) == 0)
        let (reader, writer) = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
        #expect(!reader.waitUntilReadable(Deadline(after: .milliseconds(1))))
        _ = write(writer.number, "x", 1)
        #expect(reader.waitUntilReadable(Deadline(after: .seconds(0))))
    }

    @Test("time that is left is never negative, and no duration overflows")
    func bounds() {
        #expect(Deadline(after: .seconds(-5)).left == 0)
        #expect(Deadline(after: .seconds(Int64.max)).left == .max)
    }
}

@Suite struct TextFileTests {
    @Test("a file is read whole, or as far as was asked for; what is no text is nothing")
    func reads() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("hello", to: "file")
        #expect(TextFile.read(path) == "hello")
        #expect(TextFile.read(path, most: 2) == "he")
        #expect(TextFile.read(directory.file("missing")) == nil)
        #expect(TextFile.read("/proc/self/status")?.contains("Pid:") == true)
    }

    @Test("an error is one line with what failed and why")
    func errors() {
        #expect(SystemError("/x", code: ENOENT).description == "/x: No such file or directory")
    }

    @Test("a directory lists its names, a link its target")
    func directories() throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "a")
        #expect(symlink("/target", directory.file("b")) == 0)
        #expect(Directory.names(directory.path).sorted() == ["a", "b"])
        #expect(Directory.target(of: directory.file("b")) == "/target")
        #expect(Directory.target(of: directory.file("a")) == nil)
        #expect(Directory.names("/no/such") == [])
    }
}
