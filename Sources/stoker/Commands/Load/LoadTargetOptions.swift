import ArgumentParser
import Foundation
import StokerLoad

/// Whom a load test asks.
struct LoadTargetOptions: ParsableArguments {
    @Option(
        name: [.customShort("u"), .long, .customLong("base-url")],
        help: ArgumentHelp("Whom to ask: http://, https:// or unix:/path; with or without /v1.", valueName: "url"))
    var url = "http://127.0.0.1:8080"

    @Option(
        help: ArgumentHelp("What to ask: chat, completions or http (any path, the answer is bytes).", valueName: "kind")
    )
    var endpointType = "chat"

    @Option(help: ArgumentHelp("A path of your own instead of /v1/chat/completions.", valueName: "path"))
    var endpoint: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The model. Default: the first of /v1/models.", valueName: "name"))
    var model: String?

    @Flag(help: "Ask for whole answers instead of streams.")
    var noStream = false

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("A header of every request; may be repeated.", valueName: "'name: value'"))
    var header: [String] = []

    @Option(help: ArgumentHelp("Bearer token; better in $OPENAI_API_KEY, which nobody sees in ps.", valueName: "key"))
    var apiKey: String?

    @Flag(help: "Believe any certificate.")
    var insecure = false

    @Flag(help: "A new connection for every request.")
    var noKeepalive = false

    /// The target with its model, asked for where it was not named.
    func target() async throws(LoadError) -> LoadTarget {
        var order = TargetOrder()
        order.url = url
        order.endpoint = endpointType
        order.path = endpoint
        order.isStreamed = !noStream
        order.headers = header
        order.key = apiKey ?? ProcessInfo.processInfo.environment["OPENAI_API_KEY"]
        order.isInsecure = insecure
        var target = try order.target()
        guard target.endpoint != .http else { return target }
        if let model, model.isEmpty { throw LoadError("--model is empty; leave it out for the first of /v1/models") }
        if let model { target.model = model } else { target.model = try await ModelLookup().first(at: target) }
        return target
    }
}
