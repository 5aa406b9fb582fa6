package import StokerCore

/// Asks endpoints over HTTP and TCP.
///
/// All transfers share one thread of its own, which sleeps while there are none.
///
/// libcurl and not the gateway's NIO stack, so that a probe does not share the bugs of what it probes, and for its
/// phase timings. Cancelling the Swift task that waits ends the transfer.
package final class CurlClient: Sendable {
    /// A health page is a few bytes; past this the status alone decides and the rest is not read.
    static let probeBodyLimit = 64 << 10

    private let loop = CurlLoop()

    /// Starts the thread.
    package init() {}

    deinit { loop.close() }

    /// Asks one question and never throws: a question that could not be asked is a failed probe.
    ///
    /// Each probe makes a new connection, because that is what the next client would need. Redirects are not followed.
    /// `exec` targets are not for this client and fail.
    package func probe(
        _ target: ProbeTarget, timeout: Duration, checksCertificate: Bool = true
    ) async -> ProbeResult {
        var request: ClientRequest
        let purpose: Transfer.Purpose
        switch target {
        case .http(let url):
            request = ClientRequest(url: url, timeout: timeout, maxResponse: Self.probeBodyLimit)
            purpose = .probe
        case .tcp(let host, let port):
            request = ClientRequest(url: "http://\(Endpoint(host: host, port: port).text)/", timeout: timeout)
            purpose = .connect
        case .socket(let path, let question):
            request = ClientRequest(
                url: "http://stoker\(question)", unixSocket: path, timeout: timeout, maxResponse: Self.probeBodyLimit)
            purpose = .probe
        case .exec:
            return ProbeResult(failure: .other("exec probes are not asked over the network"), total: .zero)
        }
        request.checksCertificate = checksCertificate
        if let flaw = request.flaw { return ProbeResult(failure: .other(flaw), total: .zero) }
        let outcome = await perform(request, purpose: purpose)
        return ProbeResult(outcome, purpose: purpose, isTLS: request.isTLS)
    }

    /// Sends one request and returns the whole answer, whatever its status.
    ///
    /// - Parameter onBody: takes the body piece by piece instead of collecting it; runs on the client's own thread, so
    ///   it must not block.
    package func send(
        _ request: ClientRequest, onBody: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws(ClientError) -> ClientResponse {
        if let flaw = request.flaw { throw ClientError(.invalid, flaw) }
        let outcome = await perform(request, purpose: .exchange, onBody: onBody)
        if let error = ClientError(outcome, isTLS: request.isTLS) { throw error }
        return ClientResponse(status: outcome.status, headers: outcome.headers, body: outcome.body)
    }

    private func perform(
        _ request: ClientRequest, purpose: Transfer.Purpose, onBody: (@Sendable ([UInt8]) -> Void)? = nil
    ) async -> TransferOutcome {
        let handle = TransferOrder.Handle()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(
                    TransferOrder(request: request, purpose: purpose, handle: handle, onBody: onBody) {
                        continuation.resume(returning: $0)
                    })
            }
        } onCancel: {
            handle.cancel()
            loop.wake()
        }
    }
}
