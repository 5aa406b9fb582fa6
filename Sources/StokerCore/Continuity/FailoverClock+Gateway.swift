/// What the gateway says.
extension FailoverClock {
    mutating func take(_ page: GatewayLosses, _ usable: Set<String>, at now: BootTime) {
        if page.life != life {
            // Another gateway counts anew; what the earlier one told stays with the failovers that it belongs to.
            life = page.life
            settled = [:]
            forEachLost { $0.noteSuccessor(page.life) }
        }
        self.usable = usable
        for loss in page.losses { take(loss) }
        forEachLost { if usable.contains($0.name) { $0.noteUsable(at: now) } }
    }

    private mutating func forEachLost(_ change: (inout LostBackend) -> Void) {
        for index in open.indices {
            for place in open[index].lost.indices { change(&open[index].lost[place]) }
        }
    }

    private mutating func take(_ loss: BackendLoss) {
        let key = LostBackend.Key(life: life, number: loss.number)
        let isKnown = open.contains { $0.has(key) }
        guard isKnown || loss.number > settled[loss.backend, default: 0] else { return }
        let places = open.indices.filter {
            isKnown ? open[$0].has(key) : open[$0].mayExplain(loss.backend, at: loss.noticed)
        }
        for place in places { open[place].note(loss.backend) { $0.note(loss, key) } }
        if places.isEmpty {
            guard isFailover(loss) else {
                // Of one that is told to end this was the end, whatever comes after it.
                if stopping.contains(loss.backend) { settled[loss.backend] = loss.number }
                return
            }
            begin(loss.backend, at: loss.noticed) { $0.note(loss, key) }
        }
        settled[loss.backend] = loss.number
    }

    /// Whether it is one without the supervisor's word. What the table took out is the supervisor's own affair, and
    /// what broke once without more is not worth a record; unless a drill did it.
    private func isFailover(_ loss: BackendLoss) -> Bool {
        if let fault = faults[loss.backend], loss.noticed >= fault.at, loss.noticed - fault.at < Self.announced {
            return loss.isOut
        }
        guard !stopping.contains(loss.backend) else { return false }
        return switch loss.sign {
        case .connection, .broken, .frozen: loss.isOut
        case .silent: true
        case .table: false
        }
    }
}
