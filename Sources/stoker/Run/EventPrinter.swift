import Glibc
import StokerCore

/// Writes each event as one line to standard error, for the person who watches and for the journal.
///
/// Under systemd (`JOURNAL_STREAM` is set) the line begins with the syslog level and leaves the time to the journal.
struct EventPrinter: EventSink {
    private let underJournal: Bool
    private let coloured: Bool

    init(environment: [String: String]) {
        underJournal = environment["JOURNAL_STREAM"] != nil
        coloured = !underJournal && environment["NO_COLOR"] == nil && isatty(STDERR_FILENO) == 1
    }

    func record(_ event: Event) {
        let text = lines(for: event).joined(separator: "\n") + "\n"
        // One write, so that lines of several threads never mix; a closed standard error is nobody's loss.
        _ = text.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func lines(for event: Event) -> [String] {
        let subject = event.subject.map { "\($0): " } ?? ""
        let head = prefix(of: event) + subject + event.message
        // Facts of good news are in `stoker events`; the terminal shows those of bad news at once.
        guard event.severity > .info else { return [head] }
        return [head] + event.evidence.map { "\(indent(for: event))\($0)" }
    }

    private func prefix(of event: Event) -> String {
        if underJournal { return level(of: event.severity) }
        let mark =
            switch event.severity {
            case .info: "·"
            case .warning: coloured ? "\u{1b}[33m!\u{1b}[0m" : "!"
            case .error: coloured ? "\u{1b}[31m✗\u{1b}[0m" : "✗"
            }
        return "\(timeOfDay(event.time)) \(mark) "
    }

    private func indent(for event: Event) -> String {
        underJournal ? "\(level(of: event.severity))    " : "             "
    }

    /// sd-daemon(3): `<3>` error, `<4>` warning, `<5>` notice.
    private func level(of severity: Event.Severity) -> String {
        switch severity {
        case .info: "<5>"
        case .warning: "<4>"
        case .error: "<3>"
        }
    }

    private func timeOfDay(_ time: Timestamp) -> String {
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }
}

/// Hands each event to all of several sinks, in order.
struct EventTee: EventSink {
    let sinks: [any EventSink]

    func record(_ event: Event) {
        for sink in sinks { sink.record(event) }
    }
}
