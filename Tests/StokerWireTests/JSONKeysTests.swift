import StokerCore
import StokerTesting
import StokerWire
import Testing

@Suite struct JSONKeysTests {
    /// An object of random members, and its keys with the numbers that they have, in their order, of all levels alike.
    private func object(
        _ random: inout SeededGenerator, depth: Int = 0
    ) -> (text: String, keys: [(name: String, number: Int?)]) {
        var members: [String] = []
        var keys: [(name: String, number: Int?)] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let name = ["usage", "content", "a\\\"b", "\\\\", ""].randomElement(using: &random) ?? "a"
            let space = random.chance(0.2) ? " " : ""
            switch random.next() % (depth < 3 ? 4 : 3) {
            case 0:
                let number = Int.random(in: 0...999_999_999_999, using: &random)
                members.append("\"\(name)\"\(space):\(space)\(number)")
                keys.append((name, number))
            case 1:
                // Text that looks like keys and ends like none.
                let text = [#"\"usage\":{\"a\":1}"#, #"x\\"#, "{\\\"", "知:", ""].randomElement(using: &random) ?? ""
                members.append("\"\(name)\"\(space):\(space)\"\(text)\"")
                keys.append((name, nil))
            case 2:
                members.append("\"\(name)\"\(space):\(space)[\"usage\",null,\"content\"]")
                keys.append((name, nil))
            default:
                let inner = object(&random, depth: depth + 1)
                members.append("\"\(name)\"\(space):\(space)\(inner.text)")
                keys += [(name, nil)] + inner.keys
            }
        }
        return ("{\(members.joined(separator: ","))}", keys)
    }

    private func keys(_ bytes: [UInt8]) -> [(name: String, number: Int?)] {
        var keys = JSONKeys(0..<bytes.count)
        var found: [(name: String, number: Int?)] = []
        while let key = keys.next(bytes.span) {
            found.append((bytes.span.text(in: key.name), key.number(bytes.span)))
        }
        return found
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `every key is found, in its order, and nothing in a text is one`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (text, expected) = object(&random)
        let found = keys(Array(text.utf8))
        #expect(found.map(\.name) == expected.map(\.name), "\(text)")
        #expect(found.map(\.number) == expected.map(\.number), "\(text)")
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `searching for one key finds the first of that name`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (text, expected) = object(&random)
        let bytes = Array(text.utf8)
        let number = JSONKeySearch.number(of: "\"usage\"", in: bytes.span, 0..<bytes.count)
        #expect(number == expected.first { $0.name == "usage" }?.number, "\(text)")
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `whatever became of a text, nothing traps and keys end within it`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var bytes = Array(object(&random).text.utf8)
            for _ in 0...Int.random(in: 0...4, using: &random) { random.mutate(&bytes) }
            #expect(keys(bytes).count <= bytes.count)
            _ = JSONKeySearch.value(of: "\"usage\"", in: bytes.span, 0..<bytes.count)
        }
    }
}
