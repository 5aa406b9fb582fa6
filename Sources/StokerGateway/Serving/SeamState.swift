import NIOCore
import StokerCore
import StokerWire

/// What a request must remember for the seams of its stream.
struct SeamState {
    /// What the client had when the stream broke; nil while it flows.
    var transcript: StreamTranscript?
    /// The backend that broke it, and how; nil while it flows.
    var broken: (backend: String, meters: BackendMeters, failure: AttemptFailure)?
    /// Of the backend that began the answer.
    var dialect: ContinuationDialect?
    private var reading: Result<ContinuationRequest, ContinuationObstacle>?

    /// What the request's body says about continuing; read at the first seam. nil: it stands in the way itself.
    mutating func request(of order: Dispatch.Order) -> ContinuationRequest? { try? read(order).get() }

    /// Why the stream cannot go on; nil when only a backend is missing.
    mutating func obstacle(of order: Dispatch.Order, _ transcript: StreamTranscript) -> ContinuationObstacle? {
        if order.maxSeams == 0 { return .off }
        if case .failure(let obstacle) = read(order) { return obstacle }
        if case .unfit(let obstacle) = transcript.fitness { return obstacle }
        return nil
    }

    private mutating func read(_ order: Dispatch.Order) -> Result<ContinuationRequest, ContinuationObstacle> {
        if let reading { return reading }
        let result = Self.read(order.body, order.route)
        reading = result
        return result
    }

    private static func read(
        _ body: ByteBuffer, _ route: Route
    ) -> Result<ContinuationRequest, ContinuationObstacle> {
        do throws(ContinuationObstacle) {
            return .success(try .read(body.readableBytesUInt8Span, route: route))
        } catch {
            return .failure(error)
        }
    }
}
