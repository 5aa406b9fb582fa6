import StokerCore
import StokerLoad
import UnixSignals

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Carries one plan out under the eyes of a person: live view, metrics, ctrl-C.
struct LoadSession: Sendable {
    let plan: LoadPlan
    let goal: LiveGoal
    let mode: LiveScreen.Mode
    let run: RunFacts
    var abort: AbortRule?
    var metrics: Endpoint?

    /// What was measured, and how it ended.
    struct Outcome: Sendable {
        var tally: Tally
        var ending: RunFacts.Ending
        var abortedBy: String?
    }

    /// - Throws: when the run cannot start.
    func run() async throws(LoadError) -> Outcome {
        let runner = LoadRunner(plan)
        let end = LoadEnd()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await Self.obey(signals, runner, end) }
            if let refusal = await serve(runner, in: &group) {
                group.cancelAll()
                return Result<Tally, LoadError>.failure(refusal)
            }
            group.addTask { await watch(runner, end) }
            defer { group.cancelAll() }
            do throws(LoadError) {
                return .success(try await runner.run())
            } catch {
                return .failure(error)
            }
        }
        return Outcome(tally: try result.get(), ending: end.ending, abortedBy: end.rule)
    }

    /// The first ctrl-C ends the run with a report; whoever presses it again does not want to wait for one.
    private static func obey(_ signals: UnixSignalsSequence, _ runner: LoadRunner, _ end: LoadEnd) async {
        for await _ in signals {
            guard end.ending != .interrupted else { _exit(LoadExit.interrupted.rawValue) }
            end.interrupt()
            runner.stop()
        }
    }

    /// Opens the metrics port, where one is asked for. Returns why it cannot be had.
    private func serve(_ runner: LoadRunner, in group: inout TaskGroup<Void>) async -> LoadError? {
        guard let metrics else { return nil }
        let (answers, answer) = AsyncStream.makeStream(of: LoadError?.self)
        group.addTask { await MetricsPort(address: metrics, runner: runner).serve { answer.yield($0) } }
        for await refusal in answers { return refusal }
        return nil
    }

    /// Looks at the run twice a second until it is over.
    private func watch(_ runner: LoadRunner, _ end: LoadEnd) async {
        guard mode != .none || abort != nil else { return }
        var screen = LiveScreen(mode)
        var history = LiveHistory()
        var abort = abort
        // A first line soon, to see that it runs; then calmly.
        var nextLine = mode == .tui ? Duration.zero : .seconds(1)
        let clock = ContinuousClock()
        while (try? await clock.sleep(for: .milliseconds(500))) != nil {
            var snapshot = runner.snapshot()
            snapshot.tally.client.processors = Double(MachineFacts.processors)
            (snapshot.tally.client.cpu, snapshot.tally.client.wall) = (ProcessTime.cpu, snapshot.elapsed)
            let before = history.add(LiveFigures(snapshot))
            let elapsed = Duration.nanoseconds(snapshot.elapsed)
            if elapsed >= nextLine {
                screen.show(LiveView(snapshot, before: before, goal: goal))
                nextLine = mode == .tui ? .zero : elapsed + mode.interval
            }
            guard let rule = abort else { continue }
            let report = ReportBuilder.build(snapshot.tally, plan: plan, run: run, depth: .quick)
            if abort?.isDue(report, at: snapshot.elapsed) ?? false {
                end.abort(by: rule.condition.text)
                runner.stop()
            }
        }
        screen.clear()
    }
}
