/// Why a request that found every backend full is turned away, or waits no more.
package enum AdmissionRefusal: String, Sendable, Equatable, CaseIterable {
    /// As many wait as may.
    case queueFull = "queue_full"
    /// As many of this client wait as may while others wait, too.
    case clientShare = "client_share"
    /// Its turn would come too late, by how fast the line moves.
    case expectedWait = "expected_wait"
    /// It has waited as long as it may.
    case timeout = "queue_timeout"
}
