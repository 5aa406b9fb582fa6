import NIOCore
import StokerCore
import StokerNet
import StokerWire

/// What the backend's recovery is told of the present attempt.
extension Forwarding {
    /// The answer is good so far.
    func noteSuccess() {
        guard let attempt, let status = answer?.head.status, status < 400 else { return }
        let cell = attempt.backend.cell
        loop.follow(cell.succeeded(at: loop.events.nanoseconds), for: cell)
        // What was read counts a quarter of what is written: some four bytes a token.
        if cell.isWarmingUp { loop.tell(.delivered(tokens: request.order.body.readableBytes / 4), of: cell) }
    }

    /// Tells a backend that warms up how much it has written; nothing otherwise, for this runs with each tick.
    func creditWarmUp() {
        guard let attempt, attempt.backend.cell.isWarmingUp, accounts.events > attempt.credited else { return }
        self.attempt?.credited = accounts.events
        loop.tell(.delivered(tokens: accounts.events - attempt.credited), of: attempt.backend.cell)
    }
}
