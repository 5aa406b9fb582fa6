import FoundationEssentials
import StokerContinuity
import StokerCore
import StokerMetrics
import StokerProbe

/// The shell around `GatewayWatch`: asks the gateway twice a second how it is, and carries tables and metrics.
actor GatewayLink {
    /// Between two questions. A dead backend is the gateway's own affair at once; this is only how fast a person sees
    /// it.
    private static let interval = Duration.milliseconds(500)
    /// While it is silent: a gateway that has just started accepts nobody before it has a table.
    private static let eagerInterval = Duration.milliseconds(25)
    /// A private socket on the same machine answers in well under a millisecond, or something is wrong.
    private static let patience = Duration.milliseconds(400)

    /// Thousands of requests take a while to write and to read.
    private static let pagePatience = Duration.seconds(2)

    private let socket: String
    private let client: CurlClient
    private let sink: any EventSink
    private let recorder: FailoverRecorder
    private let now: @Sendable () -> Timestamp
    private var watch: GatewayWatch

    init(
        socket: String, client: CurlClient, table: RoutingTable, sink: any EventSink,
        recorder: FailoverRecorder, now: @escaping @Sendable () -> Timestamp
    ) {
        self.socket = socket
        self.client = client
        self.sink = sink
        self.recorder = recorder
        self.now = now
        watch = GatewayWatch(wanted: table)
    }

    /// What the gateway last said; nil while it is silent.
    var latest: GatewayStatus? { watch.latest }

    /// Asks until cancelled.
    func run<C: Clock>(clock: C) async where C.Duration == Duration {
        while !Task.isCancelled {
            await ask()
            try? await clock.sleep(for: watch.latest == nil ? Self.eagerInterval : Self.interval)
        }
    }

    /// The plan or the processes have changed.
    func want(_ table: RoutingTable) async {
        recorder.observe(.table(table))
        await perform(watch.handle(.wants(table)))
    }

    /// The gateway is about to be stopped.
    func expectEnd() async { await perform(watch.handle(.ending)) }

    /// The gateway's metrics now; nil when it does not answer in time.
    func metrics() async -> MetricsSnapshot? {
        guard let body = try? await send("GET", "/metrics").body else { return nil }
        return try? MetricsSnapshot(decoding: body)
    }

    /// What the gateway is doing and has done lately.
    func requests(_ query: RequestQuery) async throws(ControlError) -> RequestPage {
        do {
            let answer = try await send("GET", "/requests?\(query.queryText)", patience: Self.pagePatience)
            return try JSONDecoder().decode(RequestPage.self, from: Data(answer.body))
        } catch {
            throw ControlError(
                code: .gatewaySilent, message: "The gateway does not answer: \(error)",
                hint: "stoker status, then stoker logs gateway")
        }
    }

    private func ask() async {
        do {
            let read = watch.read.map { "?read=\($0.text)" } ?? ""
            let answer = try await send("GET", "/status\(read)")
            let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(answer.body))
            recorder.observe(status)
            await perform(watch.handle(.report(status)))
        } catch {
            recorder.observe(nil)
            await perform(watch.handle(.silence("\(error)")))
        }
    }

    private func perform(_ effects: [GatewayWatch.Effect]) async {
        for effect in effects {
            switch effect {
            case .push(let table):
                // A push that fails or is overtaken is repeated after the next report.
                guard let body = try? JSONEncoder().encode(table) else { continue }
                _ = try? await send("PUT", "/table", body: [UInt8](body))
            case .record(let kind, let severity, let subject, let message, let evidence):
                sink.record(
                    Event(
                        time: now(), severity: severity, kind: kind, subject: subject, message: message,
                        evidence: evidence))
            }
        }
    }

    private func send(
        _ method: String, _ path: String, body: [UInt8]? = nil, patience: Duration = patience
    ) async throws -> ClientResponse {
        try await client.send(
            ClientRequest(method, url: "http://gateway\(path)", unixSocket: socket, body: body, timeout: patience))
    }
}
