import StokerCore

extension ContinuationDialect {
    /// Whether an engine of this dialect can go on with an answer of this route.
    func continues(_ route: Route) -> Bool {
        switch self {
        case .none: false
        case .prompt: route == .completions
        case .continueFinalMessage, .assistantPrefill: route == .completions || route == .chat
        }
    }
}
