import StokerConfig
import StokerCore
import Testing

@Suite struct CrossCheckTests {
    /// Processes p0, p1 … with these start_after edges.
    private func graph(_ count: Int, _ edges: [(from: Int, to: Int)]) -> String {
        let lines = (0..<count).map { index in
            let targets = Set(edges.filter { $0.from == index }.map(\.to)).sorted().map { "p\($0): ready" }
            return "  p\(index): { command: [x], start_after: { \(targets.joined(separator: ", ")) } }\n"
        }
        return "processes:\n" + lines.joined()
    }

    @Test func `a long chain is no circle, and does not overflow the stack`() throws {
        let edges = (1..<1000).map { (from: $0, to: $0 - 1) }
        #expect(try Reading.plan(graph(1000, edges)).processes.count == 1000)
        let closed = Reading.errors(graph(1000, edges + [(from: 0, to: 999)]))
        #expect(closed.map(\.code) == [.startCycle])
    }

    @Test func `two ways to the same process are no circle`() throws {
        let diamond = [(from: 0, to: 1), (from: 0, to: 2), (from: 1, to: 3), (from: 2, to: 3)]
        #expect(try Reading.plan(graph(4, diamond)).processes.count == 4)
    }

    @Test func `each of several circles is named, beginning with its first process`() {
        let edges = [(from: 0, to: 1), (from: 1, to: 0), (from: 3, to: 2), (from: 2, to: 3), (from: 4, to: 4)]
        let messages = Reading.errors(graph(5, edges)).map(\.message)
        #expect(messages.map { $0.split(separator: ": ").last } == ["p0 → p1 → p0", "p2 → p3 → p2", "p4 → p4"])
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `a circle is found exactly when there is one`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 2...9, using: &random)
        let edges = (0..<Int.random(in: 1...12, using: &random)).map { _ in
            (from: Int.random(in: 0..<count, using: &random), to: Int.random(in: 0..<count, using: &random))
        }
        let errors = Reading.errors(graph(count, edges))
        #expect(errors.allSatisfy { $0.code == .startCycle })
        #expect(errors.isEmpty == hasOrder(count, edges), "seed \(seed): \(edges)")
    }

    /// Kahn's way, as different from the reader's as can be: take away what waits for nothing until nothing is left.
    private func hasOrder(_ count: Int, _ edges: [(from: Int, to: Int)]) -> Bool {
        var (left, waiting) = (Set(0..<count), edges)
        while let free = left.first(where: { node in !waiting.contains { $0.from == node } }) {
            left.remove(free)
            waiting.removeAll { $0.to == free }
        }
        return left.isEmpty
    }

    @Test func `a port is free again in the hint`() {
        let text = "processes: { a: { engine: simulator, port: 9001 }, b: { engine: simulator, port: 9002 }, "
        let errors = Reading.errors(text + "c: { engine: simulator, port: 9001 } }")
        #expect(errors.map(\.hint) == ["port: 9003"])
    }

    @Test func `the last port has a free one below it`() {
        let text = "processes: { a: { engine: simulator, port: 65535 }, b: { engine: simulator, port: 65535 } }"
        #expect(Reading.errors(text).map(\.hint) == ["port: 9001"])
    }

    @Test func `a port that was misread takes none away`() {
        let text = "processes: { a: { engine: simulator, port: x }, b: { engine: simulator } }"
        #expect(Reading.errors(text).map(\.code) == [.badNumber])
    }

    @Test func `an engine that was misread brings no further errors`() {
        let text = """
            processes: { a: { engine: vlm, command: [x, "${PORT}"], probes: { readiness: {} } } }
            models: { m: { backends: [a] } }
            """
        #expect(Reading.errors(text).map(\.code) == [.badChoice])
    }

    @Test func `a process that is no mapping can still be named`() {
        let text =
            "processes: { a: [], b: { command: [x], start_after: { a: ready } } }\nmodels: { m: { backends: [a] } }"
        #expect(Reading.errors(text).map(\.code) == [.wrongType])
    }
}
