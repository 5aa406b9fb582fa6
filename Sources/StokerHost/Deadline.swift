import Glibc

/// An instant of the monotonic clock by which something blocking must be done. For threads of their own only: what
/// decides about time takes a clock as a parameter.
package struct Deadline: Sendable {
    private let milliseconds: Int64

    /// So long after now; what is negative is now.
    package init(after duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let wanted = min(max(0, seconds), 1_000_000_000) * 1000 + attoseconds / 1_000_000_000_000_000
        milliseconds = Self.now() + wanted
    }

    /// Milliseconds that are left, never negative.
    package var left: Int32 { Int32(clamping: max(0, milliseconds - Self.now())) }

    /// The time since then.
    package var passed: Duration { .milliseconds(max(0, Self.now() - milliseconds)) }

    private static func now() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}

extension Descriptor {
    /// Blocks until there is something to read, or the other end is gone; false when the deadline came first.
    package func waitUntilReadable(_ deadline: Deadline) -> Bool {
        while true {
            var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            let count = poll(&entry, 1, deadline.left)
            if count > 0 { return true }
            if count == 0 || errno != EINTR { return false }
        }
    }
}
