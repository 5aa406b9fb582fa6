package import StokerCore
import Synchronization

/// The lost backends, from all loops, for the clock of failover.
///
/// An answer costs one look at a flag while nobody waits for one from elsewhere; only failures, and the first answer
/// after them, take the lock.
package final class LossBoard: Sendable {
    private struct State {
        var book = LossBook()
        /// Told as silent: they are back when they are asked like any other again.
        var silent: Set<String> = []
    }

    private let life: Int64
    private let state = Mutex(State())
    private let waiting = Atomic(false)

    /// - Parameter life: which gateway this is.
    package init(life: Int64 = .random(in: 1 ... .max)) { self.life = life }

    /// Whether the next answer is worth telling.
    package var isWaiting: Bool { waiting.load(ordering: .relaxed) }

    /// A request came to grief at a backend, or it left the rotation.
    package func note(
        _ sign: BackendLoss.Sign, _ subject: LossBook.Subject, words: String, isOut: Bool, at now: Int64
    ) {
        change { state in
            state.book.note(sign, subject, words: words, isOut: isOut || sign == .silent, at: now.bootTime)
            if sign == .silent { state.silent.insert(subject.backend) }
        }
    }

    /// A request that broke there goes to another.
    package func moved(from backend: String, at now: Int64) {
        change { $0.book.moved(from: backend, at: now.bootTime) }
    }

    /// A client gets an answer.
    ///
    /// - Parameter broken: where its request had come to grief before.
    package func served(_ model: String, by backend: String, after broken: String? = nil, at now: Int64) {
        change { $0.book.served(model, by: backend, after: broken, at: now.bootTime) }
    }

    /// What became of a request that broke there.
    package func count(_ fate: LossBook.Fate, of model: String, from backend: String) {
        change { $0.book.count(fate, of: model, from: backend) }
    }

    /// The backend gets requests again.
    package func back(_ backend: String, at now: Int64) {
        change { $0.book.back(backend, at: now.bootTime) }
    }

    /// All that is known.
    ///
    /// - Parameter isServing: whether a backend that was silent is asked like any other.
    package func read(at now: Int64, isServing: (String) -> Bool = { _ in false }) -> GatewayLosses {
        state.withLock { state in
            for name in state.silent where isServing(name) {
                state.silent.remove(name)
                state.book.back(name, at: now.bootTime)
            }
            state.book.tick(now.bootTime)
            waiting.store(state.book.isWaiting, ordering: .relaxed)
            return GatewayLosses(life: life, losses: state.book.losses)
        }
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            waiting.store(state.book.isWaiting, ordering: .relaxed)
        }
    }
}

extension Int64 {
    /// Nanoseconds of the loops' clock, which is `CLOCK_MONOTONIC`, as an instant.
    fileprivate var bootTime: BootTime { BootTime(nanoseconds: self) }
}
