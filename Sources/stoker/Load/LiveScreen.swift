import Foundation
import Glibc
import StokerCore
import StokerLoad

/// Where the live view goes: standard error, so that standard output holds the report alone.
struct LiveScreen {
    /// How much is shown.
    enum Mode: String, CaseIterable {
        /// A panel that is painted over.
        case tui
        /// A line now and then.
        case plain
        case none

        /// How often somebody looks.
        var interval: Duration {
            switch self {
            case .tui, .none: .milliseconds(500)
            case .plain: .seconds(5)
            }
        }
    }

    let mode: Mode
    /// Lines of the panel that stands now.
    private var height = 0

    init(_ mode: Mode) { self.mode = mode }

    /// The mode that was asked for, or what the terminal allows.
    static func mode(asked: String?, isQuiet: Bool, isPlain: Bool) throws(LoadError) -> Mode {
        let named = try asked.map { text throws(LoadError) in try Asked(text, flag: "--ui").word(of: Mode.self) }
        if isQuiet { return .none }
        if isPlain { return .plain }
        return named ?? (isTerminal ? .tui : .plain)
    }

    mutating func show(_ view: LiveView) {
        switch mode {
        case .none: return
        case .plain: write(view.line + "\n")
        case .tui:
            let lines = view.panel(style)
            // One write: a panel that comes in pieces flickers.
            write(rewind + lines.map { "\u{1B}[K\($0)\n" }.joined())
            height = lines.count
        }
    }

    /// Takes the panel away, for the report to stand in its place.
    mutating func clear() {
        guard height > 0 else { return }
        write(rewind)
        height = 0
    }

    /// Up to the panel's first line, and everything below it gone.
    private var rewind: String { height > 0 ? "\u{1B}[\(height)A\r\u{1B}[J" : "" }

    private static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    private var style: TextStyle {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0
        return .of(
            isTerminal: Self.isTerminal, width: isKnown ? Int(size.ws_col) : nil,
            environment: ProcessInfo.processInfo.environment)
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
