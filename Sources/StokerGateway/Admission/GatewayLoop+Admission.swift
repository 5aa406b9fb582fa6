import StokerCore
import StokerNet

/// The loop's part in waiting: who frees a slot calls the next, on whatever loop that is.
extension GatewayLoop {
    /// A request has left a backend.
    func released(_ backend: CompiledTable.Backend) {
        for admission in backend.admissions { advance(admission, hasEnded: true) }
    }

    /// There may be room at a backend: it is back.
    func readmitted(_ cell: BackendCell) {
        for backend in table.backends where backend.cell === cell {
            for admission in backend.admissions { advance(admission) }
        }
    }

    /// Looks whether somebody waits that need not wait.
    func advanceAll() {
        for model in table.models.values { advance(model.admission) }
    }

    func advance(_ admission: Admission, hasEnded: Bool = false) {
        guard !admission.isIdle, let model = table.models[admission.name], model.admission === admission else { return }
        let view = TableView(table: table, now: events.nanoseconds)
        admission.advance(at: now, room: view.room(among: model.tiers), hasEnded: hasEnded)
    }

    /// The turn of a request of this loop has come.
    func called(_ number: Int, by admission: Admission) {
        if let request = waiting.remove(number) { return request.called() }
        // Its client has left meanwhile: the turn is the next one's.
        admission.settle(at: now)
        advance(admission)
    }

    /// A request of this loop has waited in vain.
    func turnedAway(_ number: Int, _ reason: AdmissionRefusal, retryAfter: Int) {
        waiting.remove(number)?.turnedAway(reason, retryAfter: retryAfter)
    }

    /// The table has changed: those whose model has gone need not wait for it.
    func reviewWaiting() {
        for request in waiting.all where table.models[request.model.route.name]?.admission !== request.model.admission {
            request.modelIsGone()
        }
        advanceAll()
    }
}
