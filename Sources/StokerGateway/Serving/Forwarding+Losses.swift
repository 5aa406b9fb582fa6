import StokerCore
import StokerNet

/// What the clock of failover is told of a request.
extension Forwarding {
    private var losses: LossBoard { loop.notices.losses }

    /// An attempt has failed in a way that a lost backend fails.
    func noteBroken(_ cell: BackendCell, _ failure: AttemptFailure) {
        guard BackendLoss.Sign(failure) != nil else { return }
        brokenOn = cell.name
        loop.noteLoss(of: cell, failure, isOut: false)
    }

    /// Another backend is asked.
    func noteMoved(to backend: String) {
        guard let brokenOn, brokenOn != backend else { return }
        losses.moved(from: brokenOn, at: loop.events.nanoseconds)
    }

    /// The client gets an answer of the backend that was asked last, or the rest of one.
    func noteServed(_ status: Int) {
        guard brokenOn != nil || losses.isWaiting, status < 500, let lastBackend else { return }
        losses.served(model.route.name, by: lastBackend, after: brokenOn, at: loop.events.nanoseconds)
        noteFate(exchange.seams > 0 ? .continued : .retried)
    }

    /// It is known what became of a request that had come to grief.
    func noteFate(_ fate: LossBook.Fate) {
        guard let backend = brokenOn.take() else { return }
        losses.count(fate, of: model.route.name, from: backend)
    }
}

extension GatewayLoop {
    /// A backend has failed somebody, or leaves the rotation.
    func noteLoss(of cell: BackendCell, _ failure: AttemptFailure, isOut: Bool) {
        guard let sign = BackendLoss.Sign(failure) else { return }
        notices.losses.note(sign, table.subject(cell), words: failure.text, isOut: isOut, at: events.nanoseconds)
    }

    /// Its health path answers again.
    func noteBack(_ cell: BackendCell) {
        guard let backend = table.backends.first(where: { $0.cell === cell }), backend.route.inRotation else { return }
        notices.losses.back(cell.name, at: events.nanoseconds)
    }

    /// The control plane has taken backends out, or put them in again.
    func noteRotation(from before: CompiledTable, to next: CompiledTable) {
        let known = Dictionary(before.backends.map { ($0.route.name, $0) }, uniquingKeysWith: { first, _ in first })
        for backend in next.backends {
            guard let old = known[backend.route.name], old.route.inRotation != backend.route.inRotation else {
                continue
            }
            if !backend.route.inRotation {
                notices.losses.note(
                    .table, next.subject(backend.cell), words: backend.route.reason, isOut: true,
                    at: events.nanoseconds)
            } else if backend.cell.isWorking {
                notices.losses.back(backend.route.name, at: events.nanoseconds)
            }
        }
    }
}

extension CompiledTable {
    /// Whether it gets its share of the requests, and no others are asked before it.
    func isAskedLikeOthers(_ name: String) -> Bool {
        guard let place = backends.firstIndex(where: { $0.route.name == name }) else { return false }
        return isUsable(place) && !backends[place].cell.isOnProbation
    }

    /// What there is to know of a backend that is lost. Walks over the table: for failures only.
    func subject(_ cell: BackendCell) -> LossBook.Subject {
        LossBook.Subject(
            backend: cell.name,
            models: source.models.filter { $0.tiers.joined().contains(cell.name) }.map(\.name),
            lastHeard: cell.lastHeard > 0 ? BootTime(nanoseconds: cell.lastHeard) : nil, inFlight: cell.inFlight)
    }
}

extension BackendLoss.Sign {
    /// nil: a failure that says nothing of the backend's life.
    init?(_ failure: AttemptFailure) {
        switch failure {
        case .connect, .connectTimeout, .closedEarly: self = .connection
        case .truncated, .stalled, .unfinished, .firstTokenTimeout: self = .broken
        case .frozen: self = .frozen
        case .silent: self = .silent
        case .malformed, .emptyStream, .emptyAnswer, .wrongContent, .errorEvent, .eventTooLarge, .status, .unfit:
            return nil
        }
    }
}
