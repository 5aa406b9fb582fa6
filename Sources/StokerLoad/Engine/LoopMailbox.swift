import Synchronization

/// What a loop and the rest of the process say to each other: stop, and how it stands. The loop never waits here.
final class LoopMailbox: Sendable {
    /// How old a published tally may be while somebody watches.
    private static let interval: Nanoseconds = 250_000_000

    struct News: Sendable {
        var tally: Tally
        var inFlight = 0
        var users = 0
    }

    private let stopped = Atomic(false)
    private let watched = Atomic(false)
    private let nextNews = Atomic<Int64>(0)
    private let news: Mutex<News>

    init(partLength: Nanoseconds) { news = Mutex(News(tally: Tally(partLength: partLength))) }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    func stop() { stopped.store(true, ordering: .relaxed) }

    /// The latest that the loop published; asking makes it go on publishing.
    func read() -> News {
        watched.store(true, ordering: .relaxed)
        return news.withLock { $0 }
    }

    /// Whether somebody watches and the last news are old. Publishing is cheap, what follows is not: the loop copies
    /// what it then writes to.
    func isWanted(at now: Nanoseconds) -> Bool {
        guard watched.load(ordering: .relaxed), now >= nextNews.load(ordering: .relaxed) else { return false }
        nextNews.store(now + Self.interval, ordering: .relaxed)
        return true
    }

    func publish(_ tally: Tally, inFlight: Int, users: Int) {
        news.withLock { $0 = News(tally: tally, inFlight: inFlight, users: users) }
    }
}
