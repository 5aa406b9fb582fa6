import Foundation
import Glibc
import StokerAdmin
import StokerCore

/// Where the output of a command goes, and what it can show.
enum Terminal {
    /// How standard output looks.
    static var style: TextStyle {
        .of(
            isTerminal: isTerminal, width: isTerminal ? width : nil,
            environment: ProcessInfo.processInfo.environment)
    }

    /// Whether standard output is a terminal, which would obey what is written to it.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static var width: Int? { size.map { Int($0.ws_col) } }

    /// Lines of the terminal; nil where nobody counts them.
    static var height: Int? { size.flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil } }

    private static var size: winsize? {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
    }

    /// Writes to standard output, all of it; what a reader that went away does not take is nobody's loss.
    static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    static func write(_ text: String) { write(Array(text.utf8)) }

    /// Writes a value as JSON for people and programs, with its line feed.
    static func writeJSON(_ value: some Encodable, pretty: Bool) throws {
        write(try AdminJSON.encoded(value, pretty: pretty) + [UInt8(ascii: "\n")])
    }

    /// Seconds east of Greenwich in this machine's zone at that instant.
    static func utcOffset(at instant: Timestamp) -> Int {
        var seconds = time_t(instant.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return parts.tm_gmtoff
    }

    /// The time on this machine's clock.
    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
