import StokerCore
import StokerLoad
import StokerProbe

/// Asks the target which model it serves.
struct ModelLookup {
    /// A list is a few hundred bytes; who does not have it by then will not stand a load.
    private static let patience = Duration.seconds(5)

    private let client = CurlClient()

    /// - Throws: one line with the URL and what to do.
    func first(at target: LoadTarget) async throws(LoadError) -> String {
        let url = TargetOrder.modelsURL(of: target)
        var headers: [String: String] = [:]
        for header in target.headers { headers[header.name] = header.value }
        let request = ClientRequest(
            url: url, unixSocket: target.socketPath, headers: headers, timeout: Self.patience, maxResponse: 1 << 20)
        let answer: ClientResponse
        do throws(ClientError) {
            answer = try await client.send(request)
        } catch {
            throw LoadError("no model: \(url) does not answer: \(error.message); name one with --model, or see --url")
        }
        guard answer.status == 200 else {
            let hint = [401, 403].contains(answer.status) ? "give --api-key" : "name one with --model"
            throw LoadError("no model: \(url) answers \(answer.status); \(hint)")
        }
        return try ModelList.first(in: answer.body, from: url)
    }
}
