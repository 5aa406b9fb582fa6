import Testing

/// The rules of CONTRIBUTING.md that a machine can hold: each names what it forbids, why, and where it may stand.
@Suite struct CodeRuleTests {
    struct Rule: CustomTestStringConvertible, Sendable {
        var word: String
        var why: String
        /// Path prefixes where the word is right.
        var allowedIn: [String] = []

        var testDescription: String { word }

        /// Whether the word stands in the code as a whole word, not within a longer name.
        func matches(_ line: Substring) -> Bool {
            for range in line.ranges(of: word) {
                let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
                if !before.isLetter && !before.isNumber && before != "_" { return true }
            }
            return false
        }
    }

    static let hazards = [
        Rule(word: "try!", why: "a daemon does not die of an error"),
        Rule(word: "as!", why: "a daemon does not die of a surprise"),
        Rule(word: "fatalError(", why: "a daemon does not die of a surprise"),
        Rule(word: "preconditionFailure(", why: "a daemon does not die of a surprise"),
        Rule(word: "Task {", why: "it leaves the task group, and the simulation's executor with it"),
        Rule(word: "Task.detached", why: "it leaves the task group, and the simulation's executor with it"),
        Rule(word: "Task.sleep", why: "the clock is a parameter", allowedIn: ["Sources/stoker/"]),
        Rule(word: "ContinuousClock()", why: "the clock is a parameter", allowedIn: ["Sources/stoker/"]),
        Rule(word: "DispatchQueue.global", why: "blocking work has a thread of its own"),
    ]

    /// What makes a test wait for time instead of for a fact.
    static let sleeps = [
        Rule(word: "Task.sleep", why: "wait for a fact; the manual clock makes time pass"),
        Rule(word: "Thread.sleep", why: "wait for a fact"),
        Rule(word: "usleep(", why: "wait for a fact"),
        Rule(word: "nanosleep(", why: "wait for a fact"),
    ]

    @Test(arguments: hazards)
    func `no hazards in the sources`(rule: Rule) {
        for file in SwiftFile.sources where !rule.allowedIn.contains(where: file.path.hasPrefix) {
            expectAbsence(of: rule, in: file)
        }
    }

    @Test(arguments: sleeps)
    func `no sleeps in the tests`(rule: Rule) {
        for file in SwiftFile.tests { expectAbsence(of: rule, in: file) }
    }

    private func expectAbsence(of rule: Rule, in file: SwiftFile) {
        for (number, line) in file.code.enumerated() where rule.matches(line) {
            Issue.record("\(file.path):\(number + 1): \(rule.word): \(rule.why)")
        }
    }

    @Test(arguments: SwiftFile.sources + SwiftFile.tests)
    func `a file has at most 500 lines, and comments of at most 120 characters`(file: SwiftFile) {
        #expect(file.lines.count <= 501, "\(file.path) has \(file.lines.count - 1) lines: split it")
        // Comments only: swift-format wraps code by itself, and leaves comments and literals as they are.
        for (number, line) in file.lines.enumerated()
        where line.count > 120 && line.drop(while: { $0 == " " }).hasPrefix("//") {
            Issue.record("\(file.path):\(number + 1) has \(line.count) characters")
        }
    }

    @Test(arguments: SwiftFile.sources)
    func `whoever takes safety from the compiler says what gives it instead`(file: SwiftFile) {
        for (number, line) in file.code.enumerated()
        where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
            let near = file.lines[max(0, number - 3)...number]
            #expect(near.contains { $0.contains("//") }, "\(file.path):\(number + 1): what protects it?")
        }
    }

    @Test(arguments: SwiftFile.sources)
    func `a package type says in a line what it is`(file: SwiftFile) {
        let kinds = ["struct", "enum", "final class", "class", "actor", "protocol", "distributed actor"]
        for (number, line) in file.code.enumerated() where kinds.contains(where: { line.hasPrefix("package \($0) ") }) {
            // Attributes may stand between the summary and the declaration.
            let above = file.lines[..<number].last { !$0.hasPrefix("@") } ?? ""
            #expect(above.hasPrefix("///"), "\(file.path):\(number + 1): \(line) has no summary")
        }
    }
}
