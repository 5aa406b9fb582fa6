import StokerConfig
import StokerCore
import Testing

/// Every key with bounds takes what is within them and refuses the next value beyond, where it stands and with a hint
/// that can be pasted.
@Suite struct BoundsTests {
    /// A value just inside or just outside the bounds of a key.
    struct Case: CustomTestStringConvertible, Sendable {
        var key: DescribedKey
        var value: String
        var isAllowed: Bool

        var testDescription: String { "\(key.testDescription): \(value)" }
    }

    static let cases = DescribedKey.all.flatMap { key in
        inside(key.key.kind).map { Case(key: key, value: $0, isAllowed: true) }
            + outside(key.key.kind).map { Case(key: key, value: $0, isAllowed: false) }
    }

    @Test(arguments: cases)
    func `a bound is part of the range, and the next value is not`(test: Case) {
        let text = test.key.config(value: test.value)
        let here = Reading.errors(text.yaml).filter { $0.place?.line == text.line && $0.code != .conflict }
        #expect(here.map(\.code) == (test.isAllowed ? [] : [.outOfRange]), "\(text.yaml)\n\(here)")
    }

    @Test(arguments: DescribedKey.all.filter { !$0.isMapping })
    func `the hint for a wrong value can be pasted in its place`(key: DescribedKey) throws {
        let text = key.config(value: "{ wrong: value }")
        let error = Reading.errors(text.yaml).first { $0.place?.line == text.line }
        var lines = text.yaml.split(separator: "\n").map(String.init)
        let indent = String(lines[text.line - 1].prefix { $0 == " " })
        lines[text.line - 1] = indent + (try #require(error).hint)
        let mended = Reading.errors(lines.joined(separator: "\n"))
        let stillWrong = mended.contains {
            $0.place?.line == text.line && ![.unknownProcess, .portClash, .conflict].contains($0.code)
        }
        #expect(!stillWrong, "\(lines.joined(separator: "\n"))\n\(mended)")
    }

    private static func inside(_ kind: ValueKind) -> [String] {
        switch kind {
        case .duration(let range): [range.lowerBound.text, range.upperBound.text]
        case .size(let range): [range.lowerBound.text, range.upperBound.text]
        case .integer(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
        default: []
        }
    }

    private static func outside(_ kind: ValueKind) -> [String] {
        let milli = Duration.milliseconds(1)
        switch kind {
        case .duration(let range):
            // Beyond ten years is no duration at all; below zero cannot be written.
            let above = range.upperBound < .seconds(3650 * 86_400) ? [(range.upperBound + milli).text] : []
            return above + (range.lowerBound > .zero ? [(range.lowerBound - milli).text] : [])
        case .size(let range):
            let below = range.lowerBound.bytes > 0 ? [ByteSize(bytes: range.lowerBound.bytes - 1).text] : []
            return [ByteSize(bytes: range.upperBound.bytes + 1).text] + below
        case .integer(let range):
            return ["\(range.lowerBound - 1)", "\(range.upperBound + 1)"]
        default: return []
        }
    }
}
