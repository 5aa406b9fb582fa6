import NIOCore
import StokerCore
import StokerWire

/// What to do with a request, by its path, method and body. Pure.
enum Dispatch {
    enum Decision {
        /// Goes to a backend of the model, with this body.
        case forward(Route, CompiledTable.Model, ByteBuffer)
        /// 200 with this JSON.
        case answer(Route, json: String)
        case refuse(Route, GatewayError)
    }

    /// Decides about a whole request.
    static func decide(_ head: RequestHead, body: ByteBuffer, table: CompiledTable) -> Decision {
        let path = head.pathText
        let route = Route(path: path)
        if let error = headError(head, route: route, path: path) { return .refuse(route, error) }
        switch route {
        case .health: return .answer(route, json: "{\"status\":\"ok\"}")
        case .models: return .answer(route, json: table.modelList)
        case .model: return model(String(path.dropFirst("/v1/models/".count)), table: table)
        case .chat, .completions, .embeddings, .other, .unknown: return forward(route, body: body, table: table)
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
        if head.value(of: .contentEncoding).map({ $0.lowercased() != "identity" }) ?? false { return .unsupportedMedia }
        if head.value(of: .contentType)?.lowercased().hasPrefix("multipart/") ?? false { return .unsupportedMedia }
        return nil
    }

    private static func model(_ name: String, table: CompiledTable) -> Decision {
        guard let model = table.models[name] else {
            return .refuse(.model, .unknownModel(name, known: table.source.models.map(\.name)))
        }
        return .answer(.model, json: CompiledTable.entry(model.route, created: table.source.epoch / 1000))
    }

    private static func forward(_ route: Route, body: ByteBuffer, table: CompiledTable) -> Decision {
        let envelope: RequestEnvelope
        do throws(RequestEnvelope.Fault) {
            envelope = try RequestEnvelope.read(body)
        } catch {
            return .refuse(route, .refused(error))
        }
        guard let model = table.models[envelope.model] else {
            return .refuse(route, .unknownModel(envelope.model, known: table.source.models.map(\.name)))
        }
        guard let servedAs = model.route.servedAs else { return .forward(route, model, body) }
        return .forward(route, model, envelope.rewriting(body, model: servedAs))
    }
}
