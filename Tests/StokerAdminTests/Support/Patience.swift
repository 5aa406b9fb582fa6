import StokerProbe

extension CurlClient {
    /// `send` with the patience of a test, whose machine may be busy: only a hang ends by time.
    func ask(
        _ request: ClientRequest, onBody: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws(ClientError) -> ClientResponse {
        var request = request
        request.timeout = .seconds(60)
        return try await send(request, onBody: onBody)
    }
}
