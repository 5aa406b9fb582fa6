/// What a person wants done about the canary of a model, as it goes over the control socket.
package struct CanaryRequest: Sendable, Equatable {
    package enum Verb: String, Sendable, CaseIterable {
        case start, promote, abort
    }

    package var verb: Verb
    package var model: String
    /// For `start`.
    package var order: CanaryOrder
    /// For `promote`: all clients at once, instead of the next step.
    package var toEnd: Bool

    package init(_ verb: Verb, model: String, order: CanaryOrder = CanaryOrder(), toEnd: Bool = false) {
        self.verb = verb
        self.model = model
        self.order = order
        self.toEnd = toEnd
    }

    /// - Parameter salt: drawn anew for each.
    package func order(salt: UInt32) -> CanaryMachine.Order {
        switch verb {
        case .start: .start(order, salt: salt)
        case .promote: .promote(toEnd: toEnd)
        case .abort: .abort
        }
    }
}
