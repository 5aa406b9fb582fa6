import ArgumentParser
import StokerAdmin
import StokerCore
import StokerStore

/// `stoker events`: what has changed, with the facts that each change was drawn from.
struct EventsCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what has happened, with the evidence.",
        discussion: """
            Newest last. Without a daemon the events are read from its database, so this works after a crash too.

            EXAMPLES
              stoker events                              # the last 100
              stoker events --since 10m --severity warning
              stoker events -f --process deepseek-a
              stoker events --json --since 1d | jq -r '[.subject, .message] | @tsv'

            EXIT CODES
              0 fine, 2 neither a daemon nor a database
            """)

    /// A person sees no difference below this, and the daemon feels none above it.
    private static let pollInterval = Duration.milliseconds(500)

    @OptionGroup var daemon: DaemonOption

    @Flag(name: .shortAndLong, help: "Go on and show events as they happen, until interrupted.")
    var follow = false

    @Option(help: "Only events younger than this: 30s, 10m, 2h, 1d.", transform: Self.duration)
    var since: Duration?

    @Option(help: "Only events at least this severe: info, warning, error.", transform: Self.severity)
    var severity = Event.Severity.info

    @Option(
        help: "Only events about this process, backend or file.",
        completion: .custom { _, _, _ in DaemonOption.processNames() })
    var process: String?

    @Option(
        name: [.customShort("n"), .long], help: "Only the newest so many, 1 to 10000. Default: 100; with --since, all.")
    var limit: Int?

    @Flag(help: "Print one JSON object a line; times are milliseconds since 1970.")
    var json = false

    func validate() throws {
        if let limit, !(1...10_000).contains(limit) { throw ValidationError("--limit is 1 to 10000") }
    }

    func run(_ client: ControlClient) async throws {
        let reader = EventReader(client: client, database: { try daemon.option.places().eventsDatabase })
        var query = EventQuery(
            since: since.map { Timestamp(milliseconds: Terminal.now.milliseconds - $0.milliseconds) }, subject: process,
            minimumSeverity: severity, limit: limit ?? (since == nil ? 100 : 10_000))
        var newest = try show(try await reader.events(query))
        guard follow else { return }
        query.since = nil
        query.limit = 10_000
        while true {
            try await Task.sleep(for: Self.pollInterval)
            query.after = newest
            // A daemon that restarts is away for a moment; its database is not.
            guard let events = try? await reader.events(query) else { continue }
            newest = max(newest, try show(events))
        }
    }

    /// Returns the largest id, 0 when there was no event.
    private func show(_ events: [Event]) throws -> Int64 {
        let style = Terminal.style
        for event in events {
            if json {
                try Terminal.writeJSON(event, pretty: false)
            } else {
                Terminal.write(EventLines(event, utcOffset: Terminal.utcOffset(at: event.time)).rendered(style))
            }
        }
        return events.map(\.id).max() ?? 0
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(text: text) else {
            throw ValidationError("\(text) is not a duration; write 30s, 10m, 2h or 1d")
        }
        return duration
    }

    private static func severity(_ text: String) throws -> Event.Severity {
        guard let severity = Event.Severity(rawValue: text) else {
            throw ValidationError("\(text) is not a severity; write info, warning or error")
        }
        return severity
    }
}

/// Events from the daemon or, when none answers, from the database that it left.
private struct EventReader {
    let client: ControlClient
    let database: () throws -> String

    func events(_ query: EventQuery) async throws -> [Event] {
        do throws(ControlFailure) {
            return try await client.events(query)
        } catch {
            guard case .unreachable = error else { throw error }
            return try fromDatabase(query, insteadOf: error)
        }
    }

    private func fromDatabase(_ query: EventQuery, insteadOf failure: ControlFailure) throws -> [Event] {
        do throws(EventStoreError) {
            guard let path = try? database() else { throw EventStoreError.missing(path: "") }
            return try EventStore.read(path: path, query: query)
        } catch .missing {
            throw failure
        } catch {
            throw ControlFailure.failed("\(failure.text)\n  and its database: \(error.description)")
        }
    }
}
