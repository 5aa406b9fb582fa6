import Glibc
import StokerCore

/// A terminal's other screen, painted over and over; what stood before comes back when it ends.
///
/// Keys come without being shown, and Ctrl-C as a key like any other, so that nothing ends the program between taking
/// the terminal and giving it back.
final class FullScreen {
    private let before: termios

    /// nil when standard output or input is no terminal.
    init?() {
        var settings = termios()
        guard Terminal.isTerminal, tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        // The other screen, no cursor, and lines that are too long end at the edge.
        Terminal.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l")
    }

    /// Gives the terminal back as it was.
    func leave() {
        Terminal.write("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
        var settings = before
        // Keys that nobody read are not meant for the shell.
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
    }

    /// Paints a text of whole lines over the one before.
    static func show(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        // One write, each line cleared behind its end and the rest of the screen below it: nothing flickers.
        let painted = lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n")
        Terminal.write("\u{1B}[H\(painted)\u{1B}[J")
    }

    /// Waits for the key that ends, `q` or Ctrl-C, or until cancelled. A tenth of a second late at most.
    static func waitForEnd() async {
        let clock = ContinuousClock()
        while (try? await clock.sleep(for: .milliseconds(100))) != nil {
            var key: UInt8 = 0
            var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            while poll(&ready, 1, 0) == 1 {
                // The terminal is gone when it gives nothing.
                guard read(STDIN_FILENO, &key, 1) == 1 else { return }
                if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 3 { return }
            }
        }
    }
}
