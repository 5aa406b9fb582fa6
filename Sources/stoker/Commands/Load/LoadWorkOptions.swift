import ArgumentParser
import StokerLoad

/// What is asked.
struct LoadWorkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("random, shared-prefix, sharegpt or jsonl. Default: random.", valueName: "kind"))
    var dataset: String?

    @Option(help: ArgumentHelp("The file of --dataset sharegpt or jsonl.", valueName: "path"), completion: .file())
    var datasetPath: String?

    @Option(
        name: [.long, .customLong("isl")],
        help: ArgumentHelp(
            "Tokens of a prompt: 512, uniform:100-900, normal:512,128, lognormal:512,300. Default: 512.",
            valueName: "length"))
    var inputLen: String?

    @Option(
        name: [.long, .customLong("osl")],
        help: ArgumentHelp("max_tokens, in the same forms. Default: 128.", valueName: "length"))
    var outputLen: String?

    @Option(help: ArgumentHelp("Turns of a conversation, in the same forms. Default: 1.", valueName: "length"))
    var turns: String?

    @Option(help: ArgumentHelp("Tokens of a shared beginning. Default: 1024.", valueName: "n"))
    var prefixLen: String?

    @Option(help: ArgumentHelp("How many shared beginnings there are. Default: 1.", valueName: "n"))
    var numPrefixes: String?

    @Flag(help: "Ask the engine to go on to max_tokens (vLLM, SGLang): runs compare only with equal answer lengths.")
    var ignoreEos = false

    @Option(help: ArgumentHelp("Default: 0.", valueName: "n"))
    var temperature: String?

    @Option(help: ArgumentHelp("Members added to each body.", valueName: "json"))
    var extraBody: String?

    @Option(help: ArgumentHelp("What --endpoint-type http sends by POST; without it GET.", valueName: "text"))
    var body: String?

    @Option(
        help: ArgumentHelp(
            "on: no prompt begins like another, so no prefix cache answers for the engine. Default: on for random.",
            valueName: "on|off"))
    var cacheBust: String?

    @Option(
        help: ArgumentHelp(
            "Everything random comes from it. Default: a new one, which the report names.", valueName: "n"))
    var seed: String?

    var order: WorkOrder {
        var order = WorkOrder()
        order.kind = dataset
        order.path = datasetPath
        order.input = inputLen
        order.output = outputLen
        order.turns = turns
        order.prefix = prefixLen
        order.prefixes = numPrefixes
        order.cacheBust = cacheBust
        order.ignoresEnd = ignoreEos
        order.temperature = temperature
        order.extraBody = extraBody
        order.body = body
        return order
    }

    /// The seed that was named, else one that nobody had before.
    func chosenSeed() throws(LoadError) -> UInt64 {
        guard let seed else { return .random(in: 0...0xFFFF_FFFF) }
        return UInt64(try Asked(seed, flag: "--seed").count(in: 0...Int.max, try: "42"))
    }
}
