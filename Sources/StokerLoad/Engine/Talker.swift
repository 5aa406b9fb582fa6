/// Who asks: a user of a closed loop, session after session, or the one session of an arrival.
final class Talker {
    /// nil: an arrival's; gone when its session is.
    let stay: UserSchedule.Stay?
    var session: Session
    private(set) var turn = 0

    init(_ session: Session, stay: UserSchedule.Stay? = nil) {
        self.session = session
        self.stay = stay
    }

    var current: Turn? { turn < session.turns.count ? session.turns[turn] : nil }

    /// Goes on to the next turn, and returns whether there is one.
    func advance() -> Bool {
        turn += 1
        return turn < session.turns.count
    }

    func begin(_ next: Session) {
        session = next
        turn = 0
    }
}
