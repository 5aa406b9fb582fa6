extension RoutingTable {
    /// Takes backends out of rotation, whatever their processes are like.
    package mutating func take(out names: Set<String>, _ reason: String) {
        for index in backends.indices where names.contains(backends[index].name) {
            backends[index].inRotation = false
            backends[index].isUnready = false
            backends[index].reason = reason
        }
    }
}
