import StokerCore

/// `models.NAME:`
enum ModelKeys {
    static let backends = KeyDescription(
        name: "backends", kind: .list(.name(pattern: NameRule.process.pattern, inWords: "the name of a process")),
        presence: .required, example: "[engine-a, engine-b]", summary: "The processes that answer.")
    static let standby = KeyDescription(
        name: "standby", kind: .list(.name(pattern: NameRule.process.pattern, inWords: "the name of a process")),
        presence: .optional("none"), example: "[other-site]",
        summary: "Processes that answer only while no backend can; see their key standby.")
    static let canary = KeyDescription(
        name: "canary", kind: .list(.name(pattern: NameRule.process.pattern, inWords: "the name of a process")),
        presence: .optional("none"), example: "[engine-b]",
        summary: "Processes that answer only for the share of clients that `stoker canary` gives them; "
            + "neither in backends nor in standby.")
    static let servedAs = BareKey(
        "served_as", .name(.model), absent: "the name of the model", example: "deepseek-ai/DeepSeek-R1",
        "The name that the backends know the model by.")
    static let deadlines = KeyDescription(
        name: "deadlines", kind: .section(DeadlinesKeys.section), presence: .optional("all defaults"),
        example: "{ connect: 1s, first_token: 30s, stall: 10s }", summary: "How long a request may wait.")
    static let seams = Key(
        "seams", .integer(0...8), default: ModelPlan.defaultSeams, example: "1",
        "How many times one stream may be continued on another backend; 0: never.")
    static let affinity = Key(
        "affinity", .choice(of: Affinity.allCases), default: .prefix, example: "none",
        "prefix: equal first messages go to one backend, whose cache knows them, unless it is too busy; none: all go "
            + "where there is least to do.")
    static let queue = KeyDescription(
        name: "queue", kind: .section(QueueKeys.section), presence: .optional("all defaults"),
        example: "{ size: 128, wait: 10s }", summary: "Requests that come while all backends have no slot free.")
    static let failback = Key(
        "failback", .duration(.seconds(1) ... .seconds(86_400)), default: ModelPlan.defaultFailback, example: "10m",
        "How long all backends must have served again before a cold standby is stopped.")

    static let section = Section(
        "model", "What clients put into the field model. A name has \(NameRule.model.inWords).",
        keys: [
            backends, standby, canary, servedAs.description, deadlines, seams.description, affinity.description, queue,
            failback.description,
        ])
}

/// `deadlines:`
enum DeadlinesKeys {
    private static let plan = Deadlines()

    static let connect = Key(
        "connect", .duration(.milliseconds(10) ... .seconds(60)), default: plan.connect, example: "1s",
        "For the connection to a backend.")
    static let firstToken = Key(
        "first_token", .duration(.milliseconds(100) ... .seconds(3600)), default: plan.firstToken, example: "30s",
        "From the request to the first event of a stream, retries included. A backend that is silent to everybody is "
            + "left after half of it, while another can serve.")
    static let stall = Key(
        "stall", .duration(.seconds(1) ... .seconds(600)), default: plan.stall, example: "10s",
        "Longest gap within an answer.")
    static let answer = Key(
        "answer", .duration(.milliseconds(100) ... .seconds(86_400)), default: plan.answer, example: "10m",
        "From the request to the whole answer of one that does not stream, retries included.")

    static let section = Section(
        "deadlines", "A request that waits longer is ended with 504, or with an error event in a stream.",
        keys: [connect.description, firstToken.description, stall.description, answer.description])
}

/// `queue:`
enum QueueKeys {
    private static let plan = QueuePlan()

    static let size = Key(
        "size", .integer(0...65_536), default: plan.size, example: "128",
        "How many may wait, one client's at most half of them while others wait; 0: none.")
    static let wait = Key(
        "wait", .duration(.milliseconds(100) ... .seconds(3600)), default: plan.wait, example: "10s",
        "How long one may wait, at most first_token or answer.")

    static let section = Section(
        "queue",
        "Clients take turns. One more, and one whose turn would come too late, gets 503 with Retry-After at once.",
        keys: [size.description, wait.description])
}
