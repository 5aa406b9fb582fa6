import CLinux
import Glibc
import ShimProtocol

/// The way of a child's output: a pipe, drained into the log as it comes. What cannot be kept is thrown away and
/// counted, for a child that has to wait for a full disk is a child that hangs.
struct Output {
    /// Where output is read: the shim's own pipe, or that of a process whose shim died.
    private(set) var source: Int32
    /// Bytes lost since the last report, and the last reason there was to lose any.
    private(set) var dropped: UInt64 = 0
    private(set) var droppedError: Int32 = 0
    private let ownSource: Int32
    private let sink: Int32
    private let sinkPath: String
    private var log: LogFile?
    /// After a failure the log is left alone until then.
    private var retryAt: UInt64 = 0
    private let buffer = UnsafeMutableRawBuffer(count: 32 << 10)

    /// One pipe for the whole life of the shim. Its size is what a child can say while its shim is being replaced;
    /// the kernel takes the memory only as it fills.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { return nil }
        _ = clinux_set_pipe_size(ends[0], 256 << 10)
        (ownSource, sink) = (ends[0], ends[1])
        source = ownSource
        sinkPath = "/proc/self/fd/\(ends[1])"
    }

    mutating func keep(in order: LogOrder) {
        guard log?.isFor(order) != true else { return }
        log?.close()
        log = LogFile(order, buffer: buffer)
        retryAt = 0
    }

    /// A descriptor for the child's stdout, or -1 with `errno`. Opened anew each time, so that a child which makes its
    /// stdout non-blocking does so for itself only; for reading too, so that the pipe has a reader as long as the child
    /// lives, and the death of the shim is no SIGPIPE.
    func openSink() -> Int32 { clinux_open(sinkPath, O_RDWR, 0) }

    /// Reads from the pipe of another process from now on. False: its output is no pipe, or cannot be reached.
    mutating func adopt(pid: Int32) -> Bool {
        let path = "/proc/\(pid)/fd/1"
        var status = stat()
        guard stat(path, &status) == 0, clinux_is_fifo(status.st_mode) != 0 else { return false }
        let pipe = clinux_open(path, O_RDONLY | O_NONBLOCK, 0)
        guard pipe >= 0 else { return false }
        source = pipe
        return true
    }

    /// Back to the own pipe.
    mutating func leaveAdopted() {
        guard source != ownSource else { return }
        close(source)
        source = ownSource
    }

    /// Moves at most `budget` bytes, so that a flood does not keep the shim from its other duties.
    mutating func drain(now: UInt64, budget: Int = 1 << 20) {
        log?.notice()
        var left = budget
        while left > 0 {
            guard let moved = now < retryAt ? discard(left) : keep(left, now) else { return }
            left -= moved
        }
    }

    mutating func forgetDropped() { dropped = 0 }

    /// Returns nil when the pipe is empty.
    private mutating func keep(_ most: Int, _ now: UInt64) -> Int? {
        switch log?.take(from: source, most: most) {
        case .moved(let count): return count
        case .empty: return nil
        case .failed(let error, let lost):
            dropped += UInt64(lost)
            droppedError = error
            retryAt = now + ShimProtocol.dropReportMilliseconds
            return lost
        case nil: return discard(most)
        }
    }

    private mutating func discard(_ most: Int) -> Int? {
        let count = uninterrupted { read(source, buffer.start, min(most, buffer.count)) }
        guard count > 0 else { return nil }
        dropped += UInt64(count)
        return count
    }
}
