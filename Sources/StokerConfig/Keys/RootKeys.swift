import StokerCore

/// The keys at the left margin of the file.
package enum RootKeys {
    static let stateDirectory = Key(
        "state_dir", .path, default: "/var/lib/stoker", example: "/var/lib/stoker",
        "Directory for what must outlive a reboot: events, logs, the knowledge base; one daemon at a time owns it.")
    static let runtimeDirectory = BareKey(
        "runtime_dir", .path, absent: "/run/stoker when state_dir is /var/lib/stoker, else run in state_dir",
        example: "/run/stoker", "Directory for sockets; the longest socket path in it may have 107 bytes.")
    static let gateway = KeyDescription(
        name: "gateway", kind: .section(GatewayKeys.section), presence: .optional("all defaults"),
        example: "{ listen: 127.0.0.1:8080 }", summary: "How the gateway listens and what it refuses.")
    static let admin = KeyDescription(
        name: "admin", kind: .section(AdminKeys.section), presence: .optional("all defaults"),
        example: "{ listen: 127.0.0.1:8081 }", summary: "Where metrics, health and the read-only API are served.")
    static let events = KeyDescription(
        name: "events", kind: .section(EventsKeys.section), presence: .optional("all defaults"),
        example: "{ max_age: 30d }", summary: "How many events are kept.")
    static let drills = KeyDescription(
        name: "drills", kind: .section(DrillKeys.section), presence: .optional("all defaults"),
        example: "{ rto: 1m, max_failed: 0 }", summary: "What drills must keep, and how often they are due.")
    static let processes = KeyDescription(
        name: "processes",
        kind: .map(name: "process", keys: .process, values: .section(ProcessKeys.section)), presence: .required,
        example: "{ engine-a: { engine: llama.cpp, command: [llama-server], port: 9001 } }",
        summary: "What is started or watched, by name; the names appear in logs, metrics and socket names.")
    static let models = KeyDescription(
        name: "models", kind: .map(name: "model", keys: .model, values: .section(ModelKeys.section)),
        presence: .optional("none"), example: "{ gemma: { backends: [engine-a] } }",
        summary: "What clients may ask for, by the name they use, and which processes answer.")

    /// The whole file.
    package static let section = Section(
        "stoker.yaml",
        "Paths are relative to the directory of the file unless they start with a slash. A file has at most 1 MiB.",
        keys: [
            stateDirectory.description, runtimeDirectory.description, gateway, admin, events, drills, processes,
            models,
        ])
}

/// `gateway:`
enum GatewayKeys {
    /// The defaults of the core, so that they are written once.
    private static let plan = GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 8080))

    static let listen = Key(
        "listen", .address, default: plan.listen, example: "127.0.0.1:8080",
        "Address for clients; 0.0.0.0 opens it to the network. Fixed until the daemon restarts.")
    static let maxBody = Key(
        "max_body", .size(.kibibytes(1) ... .mebibytes(1024)), default: plan.maxBody, example: "8MiB",
        "Largest request body; more is answered with 413.")
    static let maxHead = Key(
        "max_head", .size(.kibibytes(1) ... .mebibytes(1)), default: plan.maxHead, example: "32KiB",
        "Largest request head, that is request line and headers together; more is answered with 431.")
    static let headTimeout = Key(
        "head_timeout", .duration(.milliseconds(100) ... .seconds(300)), default: plan.headTimeout, example: "10s",
        "Time for a complete request head from its first byte; later is answered with 408.")
    static let writeTimeout = Key(
        "write_timeout", .duration(.seconds(1) ... .seconds(3600)), default: plan.writeTimeout, example: "60s",
        "A client that takes no byte for this long is cut off.")
    static let maxConnections = Key(
        "max_connections", .integer(1...1_000_000), default: plan.maxConnections, example: "10000",
        "Most client connections at once; more wait in the kernel's backlog.")
    static let threads = Key(
        "threads", .integer(0...256), default: plan.threads, example: "0",
        "Event loops; 0 is one per core. A change starts a new gateway beside the old one.")
    static let keepAliveComments = Key(
        "keep_alive_comments", .duration(.seconds(1) ... .seconds(3600)), default: plan.keepAliveComments,
        example: "15s",
        "A stream that says nothing yet gets a comment so often, lest a proxy in between takes it for dead.")
    static let drain = Key(
        "drain", .duration(.zero ... .seconds(86_400)), default: plan.drain, example: "1h",
        "How long a gateway that was replaced may go on with what it had begun; then the rest is cut off.")
    static let recentRequests = Key(
        "recent_requests", .integer(0...65_536), default: plan.recentRequests, example: "1024",
        "Finished requests that are remembered, without what they said, for stoker top and the API; 0 is none. "
            + "In memory, about 400 bytes each.")
    static let tls = KeyDescription(
        name: "tls", kind: .section(TLSKeys.section), presence: .optional("clients speak plain HTTP"),
        example: "{ certificate: /etc/stoker/fullchain.pem, key: /etc/stoker/key.pem }",
        summary: "Serve HTTPS, and nothing else, with this certificate.")

    static let section = Section(
        "gateway", "The one address that clients speak to. OpenAI-compatible HTTP/1.1.",
        keys: [
            listen.description, maxBody.description, maxHead.description, headTimeout.description,
            writeTimeout.description, maxConnections.description, threads.description,
            keepAliveComments.description, drain.description, recentRequests.description, tls,
        ])
}

/// `gateway.tls:`
enum TLSKeys {
    static let certificate = BareKey(
        "certificate", .path, absent: nil, example: "/etc/stoker/fullchain.pem",
        "File with the certificate in PEM, then those between it and the root.")
    static let key = BareKey(
        "key", .path, absent: nil, example: "/etc/stoker/key.pem",
        "File with the certificate's private key in PEM, not encrypted.")

    static let section = Section(
        "tls",
        "TLS 1.2 and 1.3. Files that change are read again within half a minute and at each reload; new connections get "
            + "the new certificate, open ones go on. If they cannot be used, the earlier certificate stays in force.",
        keys: [certificate.description, key.description])
}

/// `admin:`
enum AdminKeys {
    static let listen = Key<Endpoint?>(
        "listen", .orOff(.address), default: Endpoint(host: "127.0.0.1", port: 8081), example: "127.0.0.1:8081",
        "Address for /metrics, /healthz, /readyz and the read-only API; off leaves only the unix socket. "
            + "Fixed until the daemon restarts.")

    static let section = Section(
        "admin", "Read-only over TCP; orders are taken on the unix socket in runtime_dir only.",
        keys: [listen.description])
}

/// `events:`
enum EventsKeys {
    private static let plan = EventRetention()

    static let maxAge = Key(
        "max_age", .duration(.seconds(3600) ... .seconds(3650 * 86_400)), default: plan.maxAge, example: "30d",
        "Older events are removed.")
    static let maxSize = Key(
        "max_size", .size(.mebibytes(1) ... .mebibytes(65_536)), default: plan.maxSize, example: "64MiB",
        "Bound of the event database; the oldest events give way.")

    static let section = Section(
        "events", "What happened and why, kept in state_dir; stoker events shows it.",
        keys: [maxAge.description, maxSize.description])
}
