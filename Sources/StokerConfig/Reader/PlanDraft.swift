import StokerCore

/// The whole file as read: a plan that still has to be checked for what only shows when all parts are known.
struct PlanDraft {
    var plan: Plan
    var processes: [ProcessDraft]
    var models: [ModelDraft]
    var gatewayPlace: Place
    var adminPlace: Place
    /// Of `runtime_dir`, or what it follows from.
    var runtimePlace: Place
}
