import NIOCore
import StokerCore
import StokerWire

/// What to do with a request, by its path, method and body. Pure.
enum Dispatch {
    /// What goes to a backend.
    struct Order {
        var route: Route
        var model: CompiledTable.Model
        /// With the model's name as the backends know it.
        var body: ByteBuffer
        var wish: Exchange.Wish
        /// How often a stream may go on at another backend.
        var maxSeams: Int
        /// Who asks: a hash of what the client authenticates with, else of where it comes from. Never shown.
        var client: UInt64
        /// Of the first messages; nil where it makes no difference.
        var affinity: UInt64?
    }

    enum Decision {
        case forward(Order)
        /// 200 with this JSON.
        case answer(Route, json: String)
        case refuse(Route, GatewayError)
    }

    /// Decides about a whole request.
    ///
    /// - Parameter peer: a hash of the address that it came from.
    static func decide(_ head: RequestHead, body: ByteBuffer, from peer: UInt64, table: CompiledTable) -> Decision {
        let path = head.pathText
        let route = Route(path: path)
        if let error = headError(head, route: route, path: path) { return .refuse(route, error) }
        switch route {
        case .health: return .answer(route, json: "{\"status\":\"ok\"}")
        case .models: return .answer(route, json: table.modelList)
        case .model: return model(String(path.dropFirst("/v1/models/".count)), table: table)
        case .chat, .completions, .embeddings, .other, .unknown:
            return forward(head, route, body: body, from: peer, table: table)
        }
    }

    /// What is wrong with a request whose body has not come yet, nil when it is worth waiting for.
    static func earlyError(_ head: RequestHead) -> GatewayError? {
        let path = head.pathText
        return headError(head, route: Route(path: path), path: path)
    }

    private static func headError(_ head: RequestHead, route: Route, path: String) -> GatewayError? {
        guard let allow = route.allow else { return .unknownPath(path) }
        let isRead = head.method == .get || head.method == .head
        guard route.isForwarded ? head.method == .post : isRead else { return .methodNotAllowed(allow) }
        guard route.isForwarded else { return nil }
        return head.isPlain ? nil : .unsupportedMedia
    }

    private static func model(_ name: String, table: CompiledTable) -> Decision {
        guard let model = table.models[name] else {
            return .refuse(.model, .unknownModel(name, known: table.source.models.map(\.name)))
        }
        return .answer(.model, json: CompiledTable.entry(model.route, created: table.source.epoch / 1000))
    }

    private static func forward(
        _ head: RequestHead, _ route: Route, body: ByteBuffer, from peer: UInt64, table: CompiledTable
    ) -> Decision {
        let envelope: RequestEnvelope
        do throws(RequestEnvelope.Fault) {
            envelope = try RequestEnvelope.read(body)
        } catch {
            return .refuse(route, .refused(error))
        }
        guard let model = table.models[envelope.model] else {
            return .refuse(route, .unknownModel(envelope.model, known: table.source.models.map(\.name)))
        }
        let isRefused = head.says("off", in: .xStokerContinuation)
        return .forward(
            Order(
                route: route, model: model,
                body: model.route.servedAs.map { envelope.rewriting(body, model: $0) } ?? body,
                wish: wish(route, envelope), maxSeams: isRefused ? 0 : model.route.seams,
                client: head.hash(of: .authorization) ?? peer,
                affinity: model.keepsPrefixes ? RequestPrefix.key(body, envelope) : nil))
    }

    private static func wish(_ route: Route, _ envelope: RequestEnvelope) -> Exchange.Wish {
        switch route {
        case .chat, .completions: envelope.streams ? .eventStream : .document
        case .embeddings: .document
        default: .anything
        }
    }
}
