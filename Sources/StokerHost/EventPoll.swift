import CLinux
import Glibc
import Synchronization

/// One thread that waits for many descriptors and calls a handler for each that has something to say. Handlers run on
/// that thread, one at a time, and must not block.
package final class EventPoll: Sendable {
    private typealias Handler = @Sendable () -> Void

    private struct Watched {
        let descriptor: Descriptor
        let handler: Handler
    }

    private struct State {
        var watched: [UInt64: Watched] = [:]
        var nextToken: UInt64 = 1
        var isClosed = false
    }

    /// Ends the watch when asked to; dropping it does not.
    package struct Watch: Sendable, Equatable {
        fileprivate let token: UInt64
    }

    /// What the descriptor is watched for. Its end (`EPOLLHUP`) and errors are always told.
    package enum Interest: Sendable {
        case readable, readableAndWritable

        fileprivate var alsoWritable: Int32 { self == .readable ? 0 : 1 }
    }

    private let poll: Descriptor
    /// Written to in order to end the thread.
    private let bell: Descriptor
    private let state = Mutex(State())

    /// Starts the thread, which runs until `close`.
    package init() throws(SystemError) {
        let poll = clinux_epoll_create()
        guard poll >= 0 else { throw SystemError("epoll_create") }
        self.poll = Descriptor(owning: poll)
        let bell = clinux_event_descriptor()
        guard bell >= 0 else { throw SystemError("eventfd") }
        self.bell = Descriptor(owning: bell)
        try add(self.bell, token: 0, .readable)
        try OwnThread.start { [self] in run() }
    }

    /// Calls the handler whenever the descriptor is ready, again and again as long as it stays so.
    package func watch(
        _ descriptor: Descriptor, for interest: Interest = .readable, _ handler: @escaping @Sendable () -> Void
    ) throws(SystemError) -> Watch {
        let token = state.withLock { state in
            defer { state.nextToken += 1 }
            state.watched[state.nextToken] = Watched(descriptor: descriptor, handler: handler)
            return state.nextToken
        }
        do throws(SystemError) {
            try add(descriptor, token: token, interest)
        } catch {
            state.withLock { _ = $0.watched.removeValue(forKey: token) }
            throw error
        }
        return Watch(token: token)
    }

    /// Changes what a watch waits for.
    package func change(_ watch: Watch, to interest: Interest) {
        guard let watched = state.withLock({ $0.watched[watch.token] }) else { return }
        _ = clinux_epoll_change(poll.number, watched.descriptor.number, watch.token, interest.alsoWritable)
    }

    /// The handler is not called any more, but a call that runs already goes on.
    package func end(_ watch: Watch) {
        guard let watched = state.withLock({ $0.watched.removeValue(forKey: watch.token) }) else { return }
        _ = clinux_epoll_remove(poll.number, watched.descriptor.number)
    }

    /// Ends the thread and forgets all watches.
    package func close() {
        state.withLock { $0.isClosed = true }
        var one: UInt64 = 1
        _ = write(bell.number, &one, MemoryLayout<UInt64>.size)
    }

    private func add(_ descriptor: Descriptor, token: UInt64, _ interest: Interest) throws(SystemError) {
        guard clinux_epoll_add(poll.number, descriptor.number, token, interest.alsoWritable) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    private func run() {
        var tokens = [UInt64](repeating: 0, count: 32)
        while true {
            let count = clinux_epoll_wait(poll.number, &tokens, Int32(tokens.count))
            for token in tokens.prefix(Int(max(0, count))) {
                // Looked up anew for each: an earlier handler of this round may have ended the watch.
                state.withLock { $0.watched[token]?.handler }?()
            }
            let isClosed = state.withLock { state in
                if state.isClosed { state.watched.removeAll() }
                return state.isClosed
            }
            if isClosed { return }
        }
    }
}
