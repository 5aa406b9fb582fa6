import StokerCore

/// What a client may do, in the units of the hot path.
struct ClientLimits: Sendable, Equatable {
    var maxHead: Int
    var maxBody: Int
    var headTimeout: Duration
    var writeTimeout: Duration
    var keepAliveComments: Duration

    init(_ plan: GatewayPlan) {
        maxHead = Int(clamping: plan.maxHead.bytes)
        maxBody = Int(clamping: plan.maxBody.bytes)
        headTimeout = plan.headTimeout
        writeTimeout = plan.writeTimeout
        keepAliveComments = plan.keepAliveComments
    }
}
