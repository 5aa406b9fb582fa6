/// A backend of a failover that is not closed yet, as both sides saw it.
struct LostBackend: Sendable {
    /// Of a loss that the gateway told of.
    struct Key: Hashable, Sendable {
        var life: Int64
        var number: Int64
    }

    /// What the supervisor saw.
    private struct Sight: Sendable {
        var at: BootTime
        var words: String
    }

    let name: String
    /// When a drill broke it.
    let fault: BootTime?
    let drill: Int64?
    private var exit: Sight?
    private var unready: Sight?
    /// When the supervisor called it ready last.
    var ready: BootTime?
    /// Why nobody waits for it any more.
    var closed: (why: String, at: BootTime)?
    /// Of several gateways, where one was replaced meanwhile.
    private(set) var losses: [Key: BackendLoss] = [:]
    /// The gateway that has taken the place of the one that told of it.
    private var successor: Int64?
    private var usableAgain: BootTime?

    init(name: String, fault: BootTime?, drill: Int64?) {
        self.name = name
        self.fault = fault
        self.drill = drill
    }

    /// The supervisor's word; the first of its kind counts.
    mutating func note(_ kind: FailoverRecord.Kind, _ words: String, at now: BootTime) {
        let sight = Sight(at: now, words: words)
        if kind == .exit { exit = exit ?? sight } else { unready = unready ?? sight }
        // What was ready before it was lost again is not restored.
        ready = nil
    }

    /// The gateway's word, as far as it goes by now.
    mutating func note(_ loss: BackendLoss, _ key: Key) { losses[key] = loss }

    /// Another gateway is there: what the earlier one waited for it will never tell.
    mutating func noteSuccessor(_ life: Int64) { successor = life }

    /// The gateway has it in its rotation.
    mutating func noteUsable(at now: BootTime) {
        if successor != nil { usableAgain = usableAgain ?? now }
    }

    /// When either side noticed first; never before the fault.
    var detected: BootTime {
        let first = ([exit?.at, unready?.at].compactMap { $0 } + losses.values.map(\.noticed)).min()
        let noticed = first ?? fault ?? BootTime(nanoseconds: 0)
        return max(noticed, fault ?? noticed)
    }

    /// What the parts count from.
    var origin: (FailoverRecord.Origin, BootTime) {
        if let fault { return (.fault, fault) }
        // An idle backend may have said its last word hours ago.
        let last = losses.values.filter { $0.inFlight > 0 }.compactMap(\.lastHeard).filter { $0 <= detected }.max()
        return last.map { (.lastByte, $0) } ?? (.detection, detected)
    }

    var decided: BootTime? { losses.values.compactMap(\.decided).min() }

    /// The first answer from elsewhere, of the first gateway that had one.
    func served(of model: String) -> (at: BootTime, by: String?)? {
        let shares = losses.values.compactMap { $0.models[model] }
        return shares.compactMap { share in share.served.map { ($0, share.servedBy) } }.min { $0.0 < $1.0 }
    }

    func counts(of model: String) -> FailoverCounts {
        losses.values.reduce(FailoverCounts()) { $0 + ($1.models[model]?.counts ?? FailoverCounts()) }
    }

    /// When it was in rotation again: by the gateway, else by the supervisor where no gateway knows of the loss.
    var restored: BootTime? {
        let told = losses.filter { $0.key.life == successor ?? $0.key.life }.values
        let known = told.filter { $0.isOut || $0.sign == .silent }
        guard let newest = known.max(by: { $0.noticed < $1.noticed }) else { return ready ?? usableAgain }
        return newest.back
    }

    var cause: FailoverRecord.Cause {
        let (kind, words) = kind
        return FailoverRecord.Cause(backend: name, kind: kind, words: words)
    }

    /// The surest explanation: an exit explains whatever else was seen.
    private var kind: (FailoverRecord.Kind, String) {
        if let exit { return (.exit, exit.words) }
        let loss = losses.values.min { $0.noticed < $1.noticed }
        if let loss, loss.sign != .table { return (FailoverRecord.Kind(loss.sign), loss.words) }
        if let unready { return (.unready, unready.words) }
        return (.drain, loss?.words ?? "")
    }
}

extension FailoverRecord.Kind {
    fileprivate init(_ sign: BackendLoss.Sign) {
        switch sign {
        case .connection, .broken: self = .connection
        case .frozen: self = .frozen
        case .silent: self = .silent
        case .table: self = .drain
        }
    }
}
