import NIOCore
import StokerCore
import StokerNet
import StokerWire

/// A request that no backend has been asked for yet: it takes a slot, or waits for one.
///
/// Only the first attempt waits. A retry or a continuation goes to a backend at once, beyond its slots where it must:
/// the request was accepted, its client may have half of the answer, and every engine has a line of its own, in which
/// it stands first because nobody new is sent there meanwhile. There are never more of them than the failed backend had
/// slots.
extension Forwarding {
    /// How often another loop may be quicker before all count as full.
    private static let races = 8

    /// Where it waits.
    struct Place {
        let waiter: Admission.Waiter
        let deadline: Duration
        var ticket: Admission.Queue.Ticket
        /// How often it was called and found the slot taken.
        var returns = 0
    }

    /// Asks a backend now, or as soon as there is room.
    func start() {
        model.admission.count()
        // Nobody passes those who wait; but what cannot be served at all is told so at once.
        let pick = model.admission.isIdle ? reserve() : reserveAtCanary() ?? look()
        switch pick {
        case .backend where reserved != nil, .none: handle(.begin)
        case .backend, .full: wait()
        }
    }

    /// Whether somebody could serve it.
    private func look() -> Pick {
        let pick = look(among: tiers)
        guard pick == .none, let lane = model.canary, !isCanary else { return pick }
        return look(among: [lane.backends])
    }

    private func look(among tiers: [[Int]]) -> Pick {
        loop.pick(among: tiers, avoiding: [], key: request.order.affinity, in: table)
    }

    /// Chooses a backend and takes a slot of it.
    private func reserve() -> Pick {
        for _ in 0..<Self.races {
            guard case .backend(let place) = look() else { continue }
            if table.backends[place].begin() {
                reserved = place
                return .backend(place)
            }
        }
        let pick = look()
        if case .backend = pick { return .full }
        return pick
    }

    /// A slot of the canary's for a client of the canary's: the line is for those of stable.
    private func reserveAtCanary() -> Pick? {
        guard let lane = model.canary, isCanary, case .backend(let place) = look(among: [lane.backends]),
            table.backends[place].begin()
        else { return nil }
        reserved = place
        return .backend(place)
    }

    private func wait() {
        let deadlines = model.route.deadlines
        let patience = request.order.wish == .eventStream ? deadlines.firstToken : deadlines.answer
        let waiter = loop.waiter(self)
        let deadline = request.startedAt + patience
        switch model.admission.enter(waiter, client: request.order.client, deadline: deadline, at: loop.now) {
        case .queued(let ticket):
            place = Place(waiter: waiter, deadline: deadline, ticket: ticket)
            handle(.wait)
            // A slot may have come free before this request was seen to wait.
            loop.advance(model.admission)
        case .shed(let reason, let retryAfter):
            _ = loop.waiting.remove(waiter.number)
            turnedAway(reason, retryAfter: retryAfter)
        }
    }

    /// Its turn has come.
    func called() {
        guard var place else { return }
        takeNewestTable()
        if case .backend = reserve() {
            self.place = nil
            model.admission.settle(at: loop.now)
            // What came free between the two was not seen to be more than this request's.
            loop.advance(model.admission)
            handle(.begin)
            client.flush()
        } else {
            // Somebody was quicker, or the backend is gone: it may come back.
            place.ticket = model.admission.putBack(place.waiter, deadline: place.deadline, at: loop.now)
            place.returns += 1
            loop.waiting.put(self, at: place.waiter.number)
            self.place = place
            // As after coming; but where room and choice disagree, they may do so 100 ms from now.
            if place.returns <= Self.races { loop.advance(model.admission) }
        }
    }

    /// Whether it may be sent again though a backend has answered it.
    func mayRetry() -> Bool {
        if model.admission.mayRetry(at: loop.now) { return true }
        // The exchange asks twice: for another backend, and for the same.
        if !isDenied { loop.meters.retryDenied(.budget) }
        isDenied = true
        return false
    }

    /// What it waited for may stand in a table that came later.
    private func takeNewestTable() {
        guard table !== loop.table, let next = loop.table.models[model.route.name],
            next.admission === model.admission, next.route.servedAs == model.route.servedAs
        else { return }
        table = loop.table
        model = next
        isCanary = next.canary?.split.sendsToCanary(client: request.order.client) ?? false
    }

    /// It waits no more, and nobody was asked.
    func turnedAway(_ reason: AdmissionRefusal, retryAfter: Int) {
        place = nil
        loop.meters.shed(ShedReason(reason))
        takeNewestTable()
        if look() == .none {
            end(with: .noBackend(model.route.name, why: table.troubles(of: model), retryAfter: retryAfter))
        } else {
            end(with: .overloaded(model.route.name, reason, retryAfter: retryAfter))
        }
        client.flush()
    }

    /// Its model has left the table while it waited.
    func modelIsGone() {
        leaveLine()
        loop.meters.shed(.noBackend)
        end(with: .noBackend(model.route.name, why: "it has left the configuration"))
        client.flush()
    }

    /// Waits no more, because nobody wants the answer.
    func leaveLine() {
        guard let place = place.take() else { return }
        _ = loop.waiting.remove(place.waiter.number)
        model.admission.leave(place.ticket, at: loop.now)
    }

    /// An error of our own: as an answer, or where the client has a status line already, as an event.
    private func end(with error: GatewayError) {
        guard hasHead else { return refuse(with: error) }
        write("data: \(error.json)\n\n")
        account(.brokenOff, code: status, error: error.code)
        client.breakOff()
    }
}
