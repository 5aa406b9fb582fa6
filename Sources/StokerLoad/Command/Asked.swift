import StokerCore

/// One value as a person typed it, on its way to what a plan wants: every complaint is one line that names the flag,
/// what was read, and an example.
package struct Asked: Sendable, Equatable {
    /// As typed, `--users`.
    package var flag: String
    package var text: String

    package init(_ text: String, flag: String) {
        self.flag = flag
        self.text = text
    }

    /// A whole number within bounds.
    package func count(in range: ClosedRange<Int>, try example: String) throws(LoadError) -> Int {
        guard let value = Int(plain: text) else { throw typed.refused("is no whole number", try: example) }
        guard range.contains(value) else {
            throw typed.refused("is out of range: \(range.lowerBound) to \(range.upperBound)", try: example)
        }
        return value
    }

    /// A number above 0, with or without a fraction.
    package func number(upTo most: Double, try example: String) throws(LoadError) -> Double {
        guard let value = Double(plain: text) else { throw typed.refused("is no number", try: example) }
        guard value > 0, value <= most else {
            throw typed.refused("is out of range: above 0, at most \(Int(most))", try: example)
        }
        return value
    }

    /// A length of time with its unit.
    package func duration(
        in range: ClosedRange<Duration> = .milliseconds(1)...(.seconds(7 * 86_400)), try example: String
    ) throws(LoadError) -> Nanoseconds {
        guard let value = Duration(text: text) else {
            throw typed.refused("is no time (a number with ms, s, m or h)", try: example)
        }
        guard range.contains(value) else {
            throw typed.refused("is out of range: \(range.lowerBound.text) to \(range.upperBound.text)", try: example)
        }
        return value.nanoseconds
    }

    /// One of a few words.
    package func word<Choice: RawRepresentable & CaseIterable>(
        of type: Choice.Type
    ) throws(LoadError) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue)
            throw typed.refused("is none of \(known.joined(separator: ", "))", try: known.first ?? "")
        }
        return choice
    }

    /// `NAME=VALUE` or `NAME: VALUE`.
    package func pair(separator: Character, try example: String) throws(LoadError) -> (name: String, value: String) {
        guard let cut = text.firstIndex(of: separator), cut > text.startIndex else {
            throw refusedUnseen("has no name and value", try: example)
        }
        let value = text[text.index(after: cut)...].drop { $0 == " " }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw refusedUnseen("has a control character", try: example)
        }
        return (String(text[..<cut]), String(value))
    }

    private var typed: Typed { Typed(flag: flag, text: text) }

    /// A complaint that does not repeat what may be a secret.
    private func refusedUnseen(_ why: String, try example: String) -> LoadError {
        LoadError("\(flag): a value \(why); try \(flag) '\(example)'")
    }
}
