package import StokerWire

/// Why a request is refused before anybody asks what it wants.
package enum RequestFault: Error, Equatable, Sendable {
    /// 400
    case malformed(WireFault)
    /// 431
    case headTooLarge
    /// 413
    case bodyTooLarge
    /// 501
    case unknownMethod
    /// 505
    case unsupportedVersion
    /// 417
    case unknownExpectation
}
