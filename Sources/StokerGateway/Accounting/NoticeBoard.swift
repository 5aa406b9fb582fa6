package import StokerCore
import Synchronization

/// What the control plane is to hear of, from all loops; in memory, bounded, until it has heard of it.
///
/// Occurrences of the same matter are one notice until somebody reads it; from then on a new one counts the next.
package final class NoticeBoard: Sendable {
    /// Different matters; without a control plane for long, the oldest make room.
    package static let capacity = 64

    private struct State {
        var notices: [GatewayNotice] = []
        /// Sequence of the newest, 0 before the first.
        var newest: Int64 = 0
        /// Sequence of the newest that was handed out: it is not what it was if it still grows.
        var told: Int64 = 0
    }

    /// The backends that were lost.
    package let losses: LossBoard
    private let life: Int64
    private let state = Mutex(State())

    /// - Parameter life: which gateway this is.
    package init(life: Int64 = .random(in: 1 ... .max)) {
        self.life = life
        losses = LossBoard(life: life)
    }

    /// Something has happened to a request.
    package func note(_ matter: GatewayNotice.Matter, _ example: GatewayNotice.Example, at now: Timestamp) {
        state.withLock { state in
            let told = state.told
            if let open = state.notices.firstIndex(where: { $0.sequence > told && $0.matter == matter }) {
                state.notices[open].count += 1
                guard state.notices[open].examples.count < GatewayNotice.maxExamples else { return }
                state.notices[open].examples.append(example)
            } else {
                state.newest += 1
                if state.notices.count == Self.capacity { state.notices.removeFirst() }
                state.notices.append(GatewayNotice(sequence: state.newest, matter, examples: [example], since: now))
            }
        }
    }

    /// Hands out all that is not known to be read.
    ///
    /// - Parameter mark: up to where the reader has read, which is forgotten here; another gateway's means nothing.
    package func read(after mark: NoticeMark? = nil) -> GatewayNotices {
        state.withLock { state in
            if let mark, mark.life == life { state.notices.removeAll { $0.sequence <= mark.sequence } }
            state.told = state.newest
            return GatewayNotices(life: life, notices: state.notices)
        }
    }
}
