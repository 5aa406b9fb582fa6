import StokerLoad
import Testing

@Suite struct WorkOrderTests {
    private func order(_ change: (inout WorkOrder) -> Void) -> WorkOrder {
        var order = WorkOrder()
        change(&order)
        return order
    }

    private func refusal(_ change: (inout WorkOrder) -> Void) -> String {
        do throws(LoadError) {
            let order = order(change)
            _ = try order.source(for: .chat)
            _ = try order.plan(.fixed([]))
            return "accepted"
        } catch {
            return error.message
        }
    }

    @Test func `512 tokens in and 128 out when nothing was said`() throws {
        let prompts = SyntheticPrompts(inputTokens: .constant(512), outputTokens: .constant(128))
        #expect(try WorkOrder().source(for: .chat) == .made(.synthetic(prompts)))
    }

    @Test func `made-up prompts bust caches, recorded ones are sent as they were`() throws {
        let made = Dataset.synthetic(SyntheticPrompts(inputTokens: .constant(1), outputTokens: .constant(1)))
        #expect(try WorkOrder().plan(made).bustsCache)
        #expect(try !WorkOrder().plan(.conversations([])).bustsCache)
        #expect(try order { $0.cacheBust = "on" }.plan(.conversations([])).bustsCache)
        #expect(try !order { $0.cacheBust = "off" }.plan(made).bustsCache)
    }

    @Test func `a shared beginning by name or by its length`() throws {
        let byName = try order { $0.kind = "shared-prefix" }.source(for: .chat)
        let byLength = try order { $0.prefix = "1024" }.source(for: .chat)
        #expect(byName == byLength)
        guard case .made(.synthetic(let prompts)) = byName else { return #expect(Bool(false), "not made") }
        #expect(prompts.sharedPrefix == .init(tokens: 1024, count: 1))
    }

    @Test func `a file is read later`() throws {
        let source = try order {
            $0.kind = "sharegpt"
            $0.path = "s.json"
        }.source(for: .completions)
        #expect(source == .file(.sharegpt, path: "s.json"))
    }

    @Test func `a data set's answers get the length that was asked for`() throws {
        let plan = try order { $0.output = "64" }.plan(.conversations([]))
        #expect(plan.outputTokens == .constant(64))
    }

    @Test func `plain HTTP sends what it was given`() throws {
        #expect(try order { $0.body = "hi" }.source(for: .http) == .made(.fixed(Array("hi".utf8))))
        #expect(try WorkOrder().source(for: .http) == .made(.fixed([])))
    }

    @Test(arguments: [
        ("dataset", "--dataset: 'x' is none of random, shared-prefix, sharegpt, jsonl"),
        ("missing file", "--dataset jsonl needs a file"), ("file of no kind", "--dataset-path needs to know the form"),
        ("length of a file", "--input-len is for --dataset random"), ("file of random", "--dataset-path goes with"),
        ("prefix of random", "--prefix-len is for shared beginnings"), ("length", "--input-len: 'x' is no length"),
        ("temperature", "--temperature: 'hot' is no number"), ("switch", "--cache-bust: 'yes' is none of on, off"),
        ("body", "--body is for --endpoint-type http"), ("json", "--extra-body is no JSON object"),
        ("turns", "--turns: '0' is out of range"), ("prefixes", "--num-prefixes: '0' is out of range"),
    ])
    func `what does not fit is named`(name: String, beginning: String) {
        let changes: [String: (inout WorkOrder) -> Void] = [
            "dataset": { $0.kind = "x" }, "missing file": { $0.kind = "jsonl" }, "file of no kind": { $0.path = "a" },
            "length of a file": { ($0.kind, $0.path, $0.input) = ("jsonl", "a", "5") },
            "file of random": { ($0.kind, $0.path) = ("random", "a") },
            "prefix of random": { ($0.kind, $0.prefix) = ("random", "5") }, "length": { $0.input = "x" },
            "temperature": { $0.temperature = "hot" }, "switch": { $0.cacheBust = "yes" }, "body": { $0.body = "x" },
            "json": { $0.extraBody = "[1]" }, "turns": { $0.turns = "0" },
            "prefixes": { ($0.kind, $0.prefixes) = ("shared-prefix", "0") },
        ]
        let text = refusal(changes[name] ?? { _ in })
        #expect(text.hasPrefix(beginning), "\(text)")
    }
}
