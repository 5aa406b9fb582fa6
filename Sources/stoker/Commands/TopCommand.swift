import ArgumentParser
import StokerAdmin
import StokerCore
import UnixSignals

/// `stoker top`: the requests that run, the last that ran, and what they say of the traffic.
struct TopCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show the requests that are running and the last that ended.",
        discussion: """
            Running requests stand oldest first, finished ones newest first. Rates are those of the last 10 s; times to
            first token are over the finished requests that the gateway remembers (gateway.recent_requests). q ends.

            No text of a prompt or an answer is kept anywhere. Requests are found by their X-Request-Id.

            EXAMPLES
              stoker top
              stoker top --model deepseek-r1 --failed
              stoker top --once | head -3
              stoker top --json -n 1000 | jq -r '.requests[] | select(.seams > 0) | .id'

            EXIT CODES
              0 fine, 1 the gateway does not answer, 2 no daemon answers
            """)

    @OptionGroup var daemon: DaemonOption

    @Option(help: "Only requests for this model.")
    var model: String?

    @Option(
        help: "Only requests that this backend had last.",
        completion: .custom { _, _, _ in DaemonOption.processNames() })
    var backend: String?

    @Flag(help: "Only requests that failed: no running ones, and none that a client gave up.")
    var failed = false

    @Flag(help: "Print one page and end, as without a terminal.")
    var once = false

    @Option(
        name: [.customShort("n"), .customLong("lines")],
        help: "Most requests of a table on one page, 1 to 1000; on a terminal as many as fit.")
    var lines: Int?

    @Flag(help: "Print one page as JSON; times are milliseconds since 1970, durations seconds.")
    var json = false

    func validate() throws {
        if let lines, !(1...TopHistory.capacity).contains(lines) {
            throw ValidationError("--lines is 1 to \(TopHistory.capacity)")
        }
    }

    func run(_ client: ControlClient) async throws {
        if json {
            var query = query
            query.limit = lines ?? query.limit
            return try Terminal.writeJSON(try await client.requests(query), pretty: true)
        }
        var history = TopHistory()
        history.take(try await client.requests(history.query(query)))
        guard !once, Terminal.isTerminal else { return show(history) }
        // Before the terminal is taken, so that no signal can keep it.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        guard let screen = FullScreen() else { return show(history) }
        defer { screen.leave() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals { return } }
            group.addTask { await FullScreen.waitForEnd() }
            group.addTask { [history] in await watch(client, since: history) }
            await group.next()
            group.cancelAll()
        }
    }

    private var query: RequestQuery { RequestQuery(model: model, backend: backend, failed: failed) }

    /// The filter in words; nil without one.
    private var filter: String? {
        let parts = [model.map { "model \($0)" }, backend.map { "backend \($0)" }, failed ? "failed" : nil]
        return parts.allSatisfy { $0 == nil } ? nil : parts.compactMap(\.self).joined(separator: ", ")
    }

    private func show(_ history: TopHistory) { Terminal.write(screen(history).rendered(Terminal.style)) }

    /// A page for whoever reads it later; a terminal's height does not bound it.
    private func screen(_ history: TopHistory) -> TopScreen {
        TopScreen(history, now: Terminal.now, filter: filter, rows: lines ?? 20)
    }

    /// Paints once a second until it is cancelled. A daemon that restarts is away for a moment: its last page stays.
    private func watch(_ client: ControlClient, since first: TopHistory) async {
        var screen = screen(first)
        repeat {
            screen.now = Terminal.now
            screen.height = Terminal.height
            FullScreen.show(screen.rendered(Terminal.style))
            guard (try? await ContinuousClock().sleep(for: .seconds(1))) != nil else { return }
            do throws(ControlFailure) {
                screen.history.take(try await client.requests(screen.history.query(query)))
                screen.trouble = nil
            } catch {
                screen.trouble = error.text.split(separator: "\n").first.map(String.init)
            }
        } while !Task.isCancelled
    }
}
