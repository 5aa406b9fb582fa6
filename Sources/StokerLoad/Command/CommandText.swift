/// A command line as it may be kept in a report: to be run again, without what it keeps secret.
package enum CommandText {
    /// Flags whose values may be secrets.
    private static let secrets: Set<String> = ["--api-key", "--header", "-H", "--extra-body"]

    /// The words, quoted for a shell where they must be; values of secret flags are `***`, and so is what stands
    /// before the `@` of a URL.
    package static func of(_ arguments: [String]) -> String {
        var isSecret = false
        let words = arguments.enumerated().map { index, argument -> String in
            if isSecret {
                isSecret = false
                return "***"
            }
            if secrets.contains(argument) {
                isSecret = true
                return argument
            }
            if let equals = argument.firstIndex(of: "="), secrets.contains(String(argument[..<equals])) {
                return "\(argument[...equals])***"
            }
            if argument.hasPrefix("-H"), argument.count > 2 { return "-H***" }
            // Whoever reads it has the program elsewhere.
            return quoted(index == 0 ? String(argument.split(separator: "/").last ?? "stoker") : withoutUser(argument))
        }
        return words.joined(separator: " ")
    }

    private static func withoutUser(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].firstIndex(of: "@") else {
            return text
        }
        return text[..<scheme.upperBound] + "***" + text[at...]
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-_./:=,@%+".utf8.contains(byte)
            }
        }
        if isPlain, !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
