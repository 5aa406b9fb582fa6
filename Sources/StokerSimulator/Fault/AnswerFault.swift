/// What a fault does to one answer, in the words of whoever writes the answer.
struct AnswerFault {
    /// How an answer breaks off.
    enum Breakage {
        case cut, reset, stall, errorEvent
    }

    private let fault: Fault?

    init(_ fault: Fault?) { self.fault = fault }

    var isNone: Bool { fault == nil }

    /// Only this answer hangs, not the engine: asked for by the request itself.
    var hangs: Bool { fault?.kind == .hang || fault?.kind == .hangAll }

    var breakage: Breakage? {
        switch fault?.kind {
        case .cut: .cut
        case .reset: .reset
        case .stall: .stall
        case .errorEvent: .errorEvent
        default: nil
        }
    }

    /// Events before it breaks off; nil: it does not.
    var breakAt: Int? { breakage == nil ? nil : fault?.after }

    /// Nanoseconds of a stall; nil is for ever.
    var delay: Int64? { fault?.delay?.clampedNanoseconds }

    /// Which event is huge.
    var hugeAt: Int? { fault?.kind == .hugeEvent ? fault?.after : nil }

    var bytes: Int { fault?.bytes ?? 1 << 20 }

    var slowdown: Double { fault?.kind == .slow ? fault?.factor ?? 1 : 1 }

    /// Neither reason nor end mark.
    var leavesOutEnd: Bool { fault?.kind == .noDone }

    var leavesOutNewline: Bool { fault?.kind == .noNewline }

    /// Whether a stream has a (wrong) Content-Length instead of chunks.
    var announcesLength: Bool { fault?.kind == .longLength || fault?.kind == .shortLength }

    /// The Content-Length of a stream: far more than comes, or less.
    var announcedLength: Int? {
        switch fault?.kind {
        case .longLength: 1 << 40
        case .shortLength: fault?.bytes ?? 100
        default: nil
        }
    }

    /// The Content-Length of a whole answer.
    func announcedLength(of length: Int) -> Int? {
        switch fault?.kind {
        case .longLength: length + (fault?.bytes ?? 10)
        case .shortLength: max(1, length - (fault?.bytes ?? 10))
        default: nil
        }
    }
}
