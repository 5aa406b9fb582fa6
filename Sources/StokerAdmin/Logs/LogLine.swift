package import StokerCore

/// One line of a process's output, as it is shown.
package struct LogLine: Sendable, Equatable {
    /// Who wrote it.
    package var process: String
    /// What was written, without its end; any bytes.
    package var bytes: [UInt8]

    /// A line as it was read.
    package init(process: String, bytes: [UInt8]) {
        self.process = process
        self.bytes = bytes
    }

    /// The line with its line feed: byte for byte into a pipe, made harmless for a terminal.
    ///
    /// - Parameters:
    ///   - prefixWidth: columns for the name of the process before the line; nil leaves the name out.
    ///   - isTerminal: whether somebody's terminal would obey what is in the line.
    package func rendered(prefixWidth: Int?, isTerminal: Bool, _ style: TextStyle) -> [UInt8] {
        var result: [UInt8] = []
        if let prefixWidth {
            let padding = String(repeating: " ", count: max(0, prefixWidth - DisplayWidth.of(process)))
            result += Array((style.paint(process, .strong) + padding + " | ").utf8)
        }
        result += isTerminal ? Array(Self.harmless(bytes).utf8) : bytes
        return result + [UInt8(ascii: "\n")]
    }

    /// One JSON object with its line feed; invalid UTF-8 is replaced.
    package func json() throws -> [UInt8] {
        let object = ["process": process, "line": String(decoding: bytes, as: UTF8.self)]
        return try AdminJSON.encoded(object) + [UInt8(ascii: "\n")]
    }

    /// Engines colour their logs: colours are dropped, everything else that steers a terminal is shown as text.
    private static func harmless(_ bytes: [UInt8]) -> String {
        SafeText.escaped(SafeText.withoutColours(String(decoding: bytes, as: UTF8.self)))
    }
}
