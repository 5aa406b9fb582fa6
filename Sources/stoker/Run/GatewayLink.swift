import FoundationEssentials
import StokerContinuity
import StokerCore
import StokerMetrics
import StokerProbe

/// The shell around `GatewayLines`: asks every gateway twice a second how it is, and carries tables and metrics.
actor GatewayLink {
    /// Between two questions. A dead backend is the gateway's own affair at once; this is only how fast a person sees
    /// it.
    private static let interval = Duration.milliseconds(500)
    /// While one is silent: a gateway that has just started accepts nobody before it has a table. And while somebody
    /// waits for the last request at a process.
    private static let eagerInterval = Duration.milliseconds(25)
    /// A private socket on the same machine answers in well under a millisecond, or something is wrong.
    private static let patience = Duration.milliseconds(400)

    /// Thousands of requests take a while to write and to read.
    private static let pagePatience = Duration.seconds(2)

    private let sockets: @Sendable (Int) -> String
    private let client: CurlClient
    private let sink: any EventSink
    private let recorder: FailoverRecorder
    private let now: @Sendable () -> Timestamp
    private var lines: GatewayLines

    /// - Parameter sockets: The private socket of the gateway on each seat.
    init(
        sockets: @escaping @Sendable (Int) -> String, client: CurlClient, table: RoutingTable, sink: any EventSink,
        recorder: FailoverRecorder, now: @escaping @Sendable () -> Timestamp
    ) {
        self.sockets = sockets
        self.client = client
        self.sink = sink
        self.recorder = recorder
        self.now = now
        lines = GatewayLines(wanted: table)
    }

    /// What the gateway that serves last said; nil while it is silent.
    var latest: GatewayStatus? { lines.current?.latest }

    /// What is in flight where nothing new can come.
    var traffic: GatewayTraffic { lines.traffic }

    /// Asks until cancelled.
    ///
    /// - Parameter report: Told what is in flight after each round; says whether somebody waits for more.
    func run<C: Clock>(
        clock: C, report: @Sendable (GatewayTraffic) async -> Bool
    ) async where C.Duration == Duration {
        while !Task.isCancelled {
            await askAll()
            let isAwaited = await report(traffic)
            try? await clock.sleep(for: isAwaited || lines.isAnySilent ? Self.eagerInterval : Self.interval)
        }
    }

    /// The plan or the processes have changed.
    func want(_ table: RoutingTable) async {
        recorder.observe(.table(table))
        for (seat, effects) in lines.want(table) { await perform(effects, at: seat) }
    }

    /// Which gateways there are, which of them serves, and which are to leave.
    func follow(serving: Int, all: Set<Int>, leaving: Set<Int>) async {
        for (seat, effects) in lines.follow(serving: serving, all: all, leaving: leaving) {
            await perform(effects, at: seat)
        }
    }

    /// The gateways are about to be stopped.
    func expectEnd() { lines.expectEnd() }

    /// The metrics of the gateway that serves, now; nil when it does not answer in time.
    func metrics() async -> MetricsSnapshot? {
        guard let body = try? await send("GET", "/metrics", to: lines.serving).body else { return nil }
        return try? MetricsSnapshot(decoding: body)
    }

    /// What the gateway is doing and has done lately.
    func requests(_ query: RequestQuery) async throws(ControlError) -> RequestPage {
        do {
            let target = "/requests?\(query.queryText)"
            let answer = try await send("GET", target, to: lines.serving, patience: Self.pagePatience)
            return try JSONDecoder().decode(RequestPage.self, from: Data(answer.body))
        } catch {
            throw ControlError(
                code: .gatewaySilent, message: "The gateway does not answer: \(error)",
                hint: "stoker status, then stoker logs gateway")
        }
    }

    /// All at once: one that hangs must not keep the others from being heard.
    private func askAll() async {
        await withDiscardingTaskGroup { group in
            for seat in lines.seats { group.addTask { await self.ask(seat) } }
        }
    }

    private func ask(_ seat: Int) async {
        let observation: GatewayWatch.Observation
        // The clock of failover goes by the one that serves.
        let isServing = seat == lines.serving
        do {
            let read = lines.read(at: seat).map { "?read=\($0.text)" } ?? ""
            let answer = try await send("GET", "/status\(read)", to: seat)
            let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(answer.body))
            if isServing { recorder.observe(status) }
            observation = .report(status)
        } catch {
            if isServing { recorder.observe(nil) }
            observation = .silence("\(error)")
        }
        await perform(lines.handle(observation, at: seat), at: seat)
    }

    private func perform(_ effects: [GatewayWatch.Effect], at seat: Int) async {
        for effect in effects {
            switch effect {
            // What fails or is overtaken is repeated after the next report.
            case .push(let table):
                guard let body = try? JSONEncoder().encode(table) else { continue }
                _ = try? await send("PUT", "/table", body: [UInt8](body), to: seat)
            case .leave: _ = try? await send("PUT", "/leave", body: [], to: seat)
            case .record(let kind, let severity, let subject, let message, let evidence):
                sink.record(
                    Event(
                        time: now(), severity: severity, kind: kind, subject: subject, message: message,
                        evidence: evidence))
            }
        }
    }

    private func send(
        _ method: String, _ path: String, body: [UInt8]? = nil, to seat: Int, patience: Duration = patience
    ) async throws -> ClientResponse {
        let request = ClientRequest(
            method, url: "http://gateway\(path)", unixSocket: sockets(seat), body: body, timeout: patience)
        return try await client.send(request)
    }
}
