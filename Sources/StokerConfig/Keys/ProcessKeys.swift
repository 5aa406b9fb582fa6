import StokerCore

/// `processes.NAME:`
enum ProcessKeys {
    static let kind = BareKey(
        "kind", .choice(of: [ProcessKind.inference, .knowledge, .other]),
        absent: "from engine: knowledge for stoker, inference for the rest; other without an engine",
        example: "inference", "What the process is for.")
    static let engine = BareKey(
        "engine", .choice(of: Engine.allCases),
        absent: "openai for inference; stoker for knowledge without command and url",
        example: "llama.cpp", "The software in it; decides port, probes and added arguments.")
    static let command = KeyDescription(
        name: "command", kind: .list(.text(multiline: true)),
        presence: .optional("stoker itself, for the engines stoker and simulator"),
        example: "[llama-server, --model, /models/model.gguf, --port, \"${PORT}\"]",
        summary: "Program and arguments, without a shell; both are relative to directory. Takes ${PORT}.")
    static let addedArguments = KeyDescription(
        name: "added_arguments", kind: .list(.text(multiline: true)),
        presence: .optional("from engine: --metrics for llama.cpp, --enable-metrics for sglang"), example: "[]",
        summary: "Put behind command, also behind Stoker's own, unless it has them already; [] adds nothing.")
    static let url = BareKey(
        "url", .url, absent: "none", example: "http://10.0.0.9:8000",
        "Attach mode: somebody else runs it, Stoker only watches it and routes to it.")
    static let port = BareKey(
        "port", .integer(1...65535), absent: "from engine", example: "9001",
        "Port on 127.0.0.1 that the process serves on; its PORT variable.")
    static let environment = KeyDescription(
        name: "env", kind: .map(name: "variable", keys: .variable, values: .text(multiline: true)),
        presence: .optional("only PATH, HOME, LANG and PORT"), example: "{ CUDA_VISIBLE_DEVICES: \"0\" }",
        summary: "The environment; nothing of the daemon's leaks in. Takes ${PORT}, ${NAME} and ${file:/path}.")
    static let directory = BareKey(
        "directory", .path, absent: "that of the config file", example: "/opt/engine", "Working directory.")
    static let autostart = Key(
        "autostart", .flag, default: true, example: "false", "Whether it is started with the daemon.")
    static let standby = BareKey(
        "standby", .choice(of: StandbyMode.allCases), absent: "warm where a model lists it under standby",
        example: "cold", "warm: it runs all the time; cold: it is started when nobody above it serves.")
    static let site = BareKey(
        "site", .name(.process), absent: "here", example: "berlin",
        "Where an attached backend stands; a standby of another site comes after all of this one.")
    static let exclusive = BareKey(
        "exclusive", .name(.process), absent: "none", example: "gpu0",
        "What only one process may hold at a time; others that need it wait until its holder has ended.")
    static let restart = KeyDescription(
        name: "restart", kind: .section(RestartKeys.section), presence: .optional("all defaults"),
        example: "{ give_up: { starts: 10, within: 10m } }", summary: "When it is started again.")
    static let stop = KeyDescription(
        name: "stop", kind: .section(StopKeys.section), presence: .optional("all defaults"),
        example: "{ drain: 5m, grace: 30s }", summary: "How it is stopped.")
    static let startAfter = KeyDescription(
        name: "start_after",
        kind: .map(name: "process", keys: .process, values: Shape<StartCondition>.choice().kind),
        presence: .optional("none"), example: "{ knowledge: ready }",
        summary: "Other processes that must be started, or ready, before this one starts.")
    static let probes = KeyDescription(
        name: "probes", kind: .section(ProbesKeys.section), presence: .optional("from engine"),
        example: "{ readiness: { http: /health } }", summary: "How Stoker finds out how it is.")
    static let slots = BareKey(
        "slots", .integer(1...1_000_000),
        absent: "what command says to llama.cpp, vllm, sglang or the simulator; else no bound", example: "16",
        "Requests that the engine works on at once; the gateway sends it no more.")
    static let log = KeyDescription(
        name: "log", kind: .section(LogKeys.section), presence: .optional("all defaults"),
        example: "{ max_size: 64MiB }", summary: "Its output, kept in state_dir/log.")
    static let limits = KeyDescription(
        name: "limits", kind: .section(LimitsKeys.section), presence: .optional("all defaults"),
        example: "{ open_files: 65536 }", summary: "Kernel limits, set before it starts.")

    static let section = Section(
        "process",
        "One thing that Stoker starts, or (with url) only watches. "
            + "A name has \(NameRule.process.inWords); gateway is taken.",
        keys: [
            kind.description, engine.description, command, addedArguments, url.description, port.description,
            environment, directory.description, autostart.description, standby.description, site.description,
            exclusive.description, restart, stop, startAfter, probes, slots.description, log, limits,
        ])

    /// Keys that say how to start something: without meaning beside `url`.
    static let onlyManaged = [
        command, addedArguments, port.description, environment, directory.description, autostart.description,
        exclusive.description, restart, stop, startAfter, log, limits,
    ]
}

/// `restart:`
enum RestartKeys {
    private static let plan = RestartPolicy()

    static let backoff = KeyDescription(
        name: "backoff", kind: .section(BackoffKeys.section), presence: .optional("all defaults"),
        example: "{ initial: 50ms, max: 30s }", summary: "How long to wait between restarts.")
    static let giveUp = KeyDescription(
        name: "give_up", kind: .section(GiveUpKeys.section), presence: .optional("all defaults"),
        example: "{ starts: 10, within: 10m }", summary: "When a crash loop is left to a person.")
    static let stableAfter = Key(
        "stable_after", .duration(.seconds(1) ... .seconds(86_400)), default: plan.stableAfter, example: "60s",
        "After being ready for this long the delay starts anew.")

    static let section = Section(
        "restart", "The first restart after a stable run is immediate, the following ones wait with jitter.",
        keys: [backoff, giveUp, stableAfter.description])
}

/// `backoff:`
enum BackoffKeys {
    private static let plan = RestartPolicy()

    static let initial = Key(
        "initial", .duration(.milliseconds(1) ... .seconds(600)), default: plan.initialDelay, example: "50ms",
        "The second restart waits up to this long, each one after it up to twice as long.")
    static let max = Key(
        "max", .duration(.milliseconds(1) ... .seconds(3600)), default: plan.maxDelay, example: "30s",
        "Longest wait.")

    static let section = Section(
        "backoff", "Delays between restarts.", keys: [initial.description, max.description])
}

/// `give_up:`
enum GiveUpKeys {
    private static let plan = RestartPolicy()

    static let starts = Key(
        "starts", .integer(1...1000), default: plan.giveUpStarts, example: "10",
        "This many starts within the time are a crash loop.")
    static let within = Key(
        "within", .duration(.seconds(1) ... .seconds(86_400)), default: plan.giveUpWithin, example: "10m",
        "The time in which the starts are counted.")

    static let section = Section(
        "give_up", "A crash loop is reported loudly and left alone until a person acts.",
        keys: [starts.description, within.description])
}

/// `stop:`
enum StopKeys {
    static let grace = Key(
        "grace", .duration(.zero ... .seconds(3600)), default: StopPolicy().grace, example: "30s",
        "Time between SIGTERM and SIGKILL.")
    static let drain = Key(
        "drain", .duration(.zero ... .seconds(86_400)), default: StopPolicy().drain, example: "5m",
        "Time for what the gateway has in flight at it, before SIGTERM; 0s: nobody waits for that.")

    static let section = Section(
        "stop",
        "Out of rotation until nothing is in flight, SIGTERM to the process group, the grace, then SIGKILL to everything "
            + "that descends from it.",
        keys: [drain.description, grace.description])
}

/// `log:`
enum LogKeys {
    static let maxSize = Key(
        "max_size", .size(.kibibytes(64) ... .mebibytes(1 << 20)), default: LogPolicy().maxSize, example: "64MiB",
        "Bound of the current and the older file together.")

    static let section = Section(
        "log", "What the process writes to stdout and stderr.", keys: [maxSize.description])
}

/// `limits:`
enum LimitsKeys {
    private static let plan = ResourceLimits()

    static let openFiles = BareKey(
        "open_files", .integer(16...10_000_000), absent: "that of the daemon", example: "65536",
        "Most open files (RLIMIT_NOFILE).")
    static let core = Key(
        "core", .size(.kibibytes(0) ... .mebibytes(1 << 30)), default: ByteSize(bytes: 0), example: "0",
        "Largest core file (RLIMIT_CORE); with weights in memory one can fill a disk.")
    static let addressSpace = BareKey(
        "address_space", .size(.mebibytes(1) ... .mebibytes(1 << 30)), absent: "that of the daemon",
        example: "64GiB", "Largest address space (RLIMIT_AS); CUDA reserves far more than it uses.")
    static let oomScoreAdjust = Key(
        "oom_score_adjust", .integer(-1000...1000), default: plan.oomScoreAdjust ?? 0, example: "300",
        "Who dies first when memory runs out; higher goes first, the daemon goes last.")

    static let section = Section(
        "limits", "What the kernel grants the process.",
        keys: [openFiles.description, core.description, addressSpace.description, oomScoreAdjust.description])
}
