import StokerTesting
import Testing

@Suite("The manual clock")
struct ManualClockTests {
    let clock = ManualClock()

    @Test("stands still until it is moved")
    func standsStill() {
        let before = clock.now
        clock.advance(by: .seconds(3))
        #expect(before.duration(to: clock.now) == .seconds(3))
    }

    @Test("wakes a sleeper at its deadline and not before")
    func wakesAtDeadline() async throws {
        let clock = clock
        try await withThrowingTaskGroup(of: Duration.self) { group in
            group.addTask {
                try await clock.sleep(for: .seconds(2))
                return clock.now.offset
            }
            await clock.sleepers(1)
            clock.advance(by: .milliseconds(1999))
            await clock.sleepers(1)
            clock.advance(by: .milliseconds(1))
            let woken = try await group.next()
            #expect(woken == .seconds(2))
        }
    }

    @Test("calls scheduled actions in the order of their deadlines, equal ones in the order they were made")
    func ordersActions() {
        let calls = Recorder()
        clock.schedule(after: .seconds(2)) { calls.add("c") }
        clock.schedule(after: .seconds(1)) { calls.add("a") }
        clock.schedule(after: .seconds(1)) { calls.add("b") }
        clock.advance(by: .seconds(2))
        #expect(calls.all == ["a", "b", "c"])
    }

    @Test("jumps to the next deadline")
    func jumps() {
        clock.schedule(after: .seconds(40)) {}
        #expect(clock.advanceToNextAlarm())
        #expect(clock.now.offset == .seconds(40))
        #expect(!clock.advanceToNextAlarm())
    }

    @Test("lets a cancelled sleeper go")
    func cancels() async {
        let clock = clock
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await clock.sleep(for: .seconds(9)) } catch { return true }
                return false
            }
            await clock.sleepers(1)
            group.cancelAll()
            #expect(await group.next() == true)
        }
        #expect(!clock.advanceToNextAlarm())
    }

    @Test("does not let a task sleep that was cancelled before")
    func cancelledBefore() async {
        let clock = clock
        await withTaskGroup(of: Bool.self) { group in
            group.cancelAll()
            group.addTask { (try? await clock.sleep(for: .seconds(9))) == nil }
            #expect(await group.next() == true)
        }
    }
}
