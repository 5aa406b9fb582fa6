package import StokerCore

/// One event as `stoker events` prints it: a line, and its evidence indented below.
package struct EventLines: Sendable {
    /// What is shown.
    package var event: Event
    /// Seconds east of Greenwich at the event's time.
    package var utcOffset: Int

    /// The lines of one event, in one zone.
    package init(_ event: Event, utcOffset: Int) {
        self.event = event
        self.utcOffset = utcOffset
    }

    /// Nothing is cut here: a fact is worth a second line on a narrow terminal.
    package func rendered(_ style: TextStyle) -> String {
        let time = style.paint(TimeText.dateAndTime(event.time, utcOffset: utcOffset), .faint)
        let severity = style.paint(padded(event.severity.rawValue, to: 7), event.severity.tone)
        let subject = event.subject.map { style.paint(SafeText.escaped($0), .strong) + ": " } ?? ""
        let kind = style.paint(padded(event.kind.rawValue, to: 20), .faint)
        var text = "\(time)  \(severity)  \(kind)  \(subject)\(SafeText.escaped(event.message))\n"
        for fact in event.evidence {
            text += style.paint("    | \(SafeText.escaped(fact))", .faint) + "\n"
        }
        return text
    }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension Event.Severity {
    var tone: Tone {
        switch self {
        case .info: .plain
        case .warning: .warning
        case .error: .bad
        }
    }
}
