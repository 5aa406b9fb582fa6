import ArgumentParser
import Logging
import StokerCore
import StokerKnowledge
import StokerMetrics

/// `stoker knowledge`: the embedded knowledge service.
struct KnowledgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "knowledge",
        abstract: "Serve a knowledge base from one SQLite file.",
        discussion: """
            Documents go in by POST /v1/documents and are on the disk when the answer comes; GET /v1/search finds them
            by BM25, in English, Chinese and other languages. Also: GET and DELETE /v1/documents/ID, /healthz, /metrics.

            EXAMPLES
              stoker knowledge --database ./knowledge.sqlite --seed docs
              curl 127.0.0.1:9010/v1/documents -d '{"content": "Weights load in 40 s.", "tags": ["deepseek"]}'
              curl -G 127.0.0.1:9010/v1/search -d k=3 --data-urlencode 'q=how long do weights load'

            EXIT CODES
              0 ended by SIGTERM or ctrl-C, 2 cannot start: the line on standard error says why
            """)

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"), transform: Self.endpoint)
    var listen = Endpoint(host: "127.0.0.1", port: 9010)

    @Option(
        help: ArgumentHelp("The SQLite file; made if it is not there.", valueName: "path"), completion: .file())
    var database: String

    @Option(
        help: ArgumentHelp(
            "Import the .md and .txt files of this directory first; unchanged files are not imported twice.",
            valueName: "directory"),
        completion: .directory)
    var seed: String?

    func run() async throws {
        do {
            try await serve()
        } catch let error as KnowledgeError {
            throw Refusal.of("knowledge", error.message)
        }
    }

    private func serve() async throws {
        var logger = Logger(label: "knowledge", factory: StreamLogHandler.standardError(label:))
        logger.logLevel = .notice
        let seeds = try seed.map { path throws(KnowledgeError) in try SeedDirectory(path: path) }
        let store = try KnowledgeStore(path: database)
        let registry = MetricsRegistry(component: "knowledge")
        ProcessMetrics.collect(into: registry)
        let metrics = try KnowledgeMetrics(registry: registry)
        let service = KnowledgeService(store: store, metrics: metrics, seeds: seeds, logger: logger)
        try await service.serve(on: listen) { [host = listen.host, database] port in
            let address = Endpoint(host: host, port: UInt16(clamping: port)).text
            Refusal.note("knowledge", "serves http://\(address), \(store.documentCount) documents in \(database)")
        }
    }

    private static func endpoint(_ text: String) throws -> Endpoint {
        guard let endpoint = Endpoint(text: text) else {
            throw ValidationError("'\(text)' is no address; write 127.0.0.1:9010 or [::1]:9010")
        }
        return endpoint
    }
}
