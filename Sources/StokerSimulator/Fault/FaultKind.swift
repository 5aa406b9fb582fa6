/// What can go wrong with a simulated engine.
package enum FaultKind: String, CaseIterable, Sendable {
    // Of one answer.
    case cut, reset, stall, empty, html, redirect, overload, error, garbage, slow, diverge
    case errorEvent = "error-event"
    case longLength = "long-length"
    case shortLength = "short-length"
    case hugeEvent = "huge-event"
    case noNewline = "no-newline"
    case noDone = "no-done"
    // Of the whole engine.
    case hang, refuse
    case hangAll = "hang-all"
    case stallAll = "stall-all"
    case slowHealth = "slow-health"
    case unhealthy
    case flappingHealth = "flapping-health"
    case staleMetrics = "stale-metrics"
    case resetConnections = "reset-connections"
    // Of the process.
    case crash, exit, log, memory

    /// What a fault concerns, and so who carries it out.
    package enum Scope: Sendable {
        case answer, engine, process
    }

    package var scope: Scope {
        switch self {
        case .cut, .reset, .stall, .empty, .html, .redirect, .overload, .error, .garbage, .slow, .diverge, .errorEvent,
            .longLength, .shortLength, .hugeEvent, .noNewline, .noDone:
            .answer
        case .hang, .refuse, .hangAll, .stallAll, .slowHealth, .unhealthy, .flappingHealth, .staleMetrics,
            .resetConnections:
            .engine
        case .crash, .exit, .log, .memory: .process
        }
    }

    /// Whether the engine's time stands still.
    var freezes: Bool { self == .hang || self == .hangAll || self == .stallAll }

    /// Whether it is over as soon as it is done: nothing of it stays active.
    var isMomentary: Bool { self == .exit || self == .log || self == .crash }

    /// The keys that it takes beside `fault`, in the order of the manual.
    package var keys: [FaultKey] {
        let own: [FaultKey] =
            switch self {
            case .cut, .reset, .errorEvent: [.after]
            case .stall: [.after, .delay]
            case .hugeEvent: [.after, .bytes]
            case .longLength, .shortLength: [.bytes]
            case .overload: [.status, .retryAfter]
            case .error: [.status]
            case .slow: [.factor]
            case .slowHealth, .flappingHealth: [.delay]
            case .crash: [.delay, .name]
            case .exit: [.status]
            case .log: [.name]
            case .memory: [.bytes, .limit]
            default: []
            }
        switch scope {
        case .answer: return own + [.every, .times, .lasting]
        case .engine: return own + (self == .resetConnections ? [.every, .times, .lasting] : [.lasting])
        case .process: return own + (self == .memory ? [.lasting] : [])
        }
    }
}

/// The words that describe a fault beside its name.
package enum FaultKey: String, CaseIterable, Sendable {
    /// Events before it strikes.
    case after
    /// A duration: of a stall, of a slow answer, of half a flap, until a crash.
    case delay
    case bytes, limit, status, factor, name
    case retryAfter = "retry_after"
    /// Strike every k-th only.
    case every
    /// Strike that often, then be over.
    case times
    /// How long it stays.
    case lasting = "for"
}
