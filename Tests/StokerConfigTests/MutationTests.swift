import StokerConfig
import StokerCore
import Testing

/// Breaks valid configs in thousands of ways: the reader must answer each with a plan or with located errors.
@Suite struct MutationTests {
    private static let rounds: UInt64 = 300
    private static let pieces = [
        ":", ": ", "- ", "{", "}", "[", "]", "\"", "'", "#", "&a ", "*a", "|", ">", "\n", "\t", "\r", " ", "${", "}",
        "${PORT}", "${X}", "${file:/x}", "$$", "off", "null", "~", "-1", "0", "99999999999999999999", "1e999", "NaN",
        "!!int ", "!t ", "? ", "<<: ", "---\n", "...\n", "%YAML 1.1\n", "\u{0}", "\u{1B}", "\u{FEFF}", "é",
        "\u{10FFFF}",
        "processes:", "engine: vllm\n", "gateway", ",", "a", "@", "`",
    ]

    @Test(arguments: Fixture.valid + Fixture.examples)
    func `a broken config gives a plan or located errors, never a crash`(fixture: Fixture) throws {
        let text = try fixture.text
        for seed in 0..<Self.rounds {
            var random = SeededGenerator(seed: seed)
            var scalars = Array(text.unicodeScalars)
            for _ in 0...Int.random(in: 0..<4, using: &random) { Self.mutate(&scalars, &random) }
            var mutant = ""
            mutant.unicodeScalars.append(contentsOf: scalars)
            Self.check(mutant, seed: seed)
        }
    }

    private static func check(_ text: String, seed: UInt64) {
        do {
            let plan = try Reading.plan(text)
            #expect(!plan.digest.isEmpty, "seed \(seed)")
        } catch {
            #expect(!error.errors.isEmpty, "seed \(seed)")
            let lines = text.unicodeScalars.count + 1
            for place in error.errors.compactMap(\.place) {
                #expect(place.line >= 1 && place.line <= lines && place.column >= 1, "seed \(seed): \(place)")
            }
            let answer = error.text
            #expect(!answer.contains("s3cret"), "seed \(seed)")
        }
    }

    private static func mutate(_ scalars: inout [Unicode.Scalar], _ random: inout SeededGenerator) {
        guard !scalars.isEmpty else { return }
        let place = Int.random(in: 0..<scalars.count, using: &random)
        let end = min(scalars.count, place + Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: scalars.removeSubrange(place..<end)
        case 1: scalars.insert(contentsOf: Array(scalars[place..<end]), at: place)
        case 2: scalars.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").unicodeScalars, at: place)
        case 3: scalars.swapAt(place, Int.random(in: 0..<scalars.count, using: &random))
        case 4: scalars = Array(scalars[..<place])
        default: scalars[place] = Unicode.Scalar(UInt8.random(in: 0..<128, using: &random))
        }
    }
}
