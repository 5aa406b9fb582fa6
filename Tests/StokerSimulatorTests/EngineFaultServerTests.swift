import Foundation
import NIOHTTP1
import StokerCore
import StokerSimulator
import Synchronization
import Testing

private let stream = #"{"stream":true,"prompt":"Hello"}"#
private let whole = #"{"prompt":"Hello"}"#

@discardableResult
private func fault(_ server: SimulatorServer, _ json: String) async throws -> WireAnswer {
    try await LoopbackClient.ask(server, "/simulator/faults", json)
}

private func clear(_ server: SimulatorServer, _ query: String = "") async throws -> WireAnswer {
    try await LoopbackClient.ask(server, "/simulator/faults" + query, method: .DELETE)
}

@Suite struct EngineFaultServerTests {
    @Test func `hang: health stays 200 and no token moves, until it is cleared`() async throws {
        try await withSimulator { server in
            try await fault(server, #"{"fault":"hang"}"#)
            let client = try await LoopbackClient(port: server.port, "/v1/completions", body: whole)
            try await state(server) { $0.contains(#""in_flight":1"#) }
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
            #expect(try await LoopbackClient.ask(server, "/v1/models").status == 200)
            #expect(try await LoopbackClient.ask(server, "/simulator/requests").body == #"{"requests":[]}"#)
            _ = try await clear(server)
            #expect(try await client.whole().status == 200)
        }
    }

    @Test func `hang-all: connections are accepted and nothing is answered but the simulator's own pages`() async throws
    {
        try await withSimulator { server in
            try await fault(server, #"{"fault":"hang-all"}"#)
            let mute = try await LoopbackClient(port: server.port, "/health")
            try await state(server) { $0.contains(#""hang-all""#) }
            _ = try await clear(server)
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
            try await mute.hangUp()
        }
    }

    @Test func `stall-all: what is running, what comes meanwhile, all of it is later by the stall`() async throws {
        let options = SimulatorOptions.quick(tokens: 2, ttft: .milliseconds(20), itl: .milliseconds(20))
        try await withSimulator(options) { server in
            let begin = ContinuousClock.now
            let running = try await LoopbackClient(port: server.port, "/v1/completions", body: stream)
            try await fault(server, #"{"fault":"stall-all","for":"300ms"}"#)
            let stalled = ContinuousClock.now
            let coming = try await LoopbackClient(port: server.port, "/v1/completions", body: whole)
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
            #expect(try await running.whole().events?.count == 3)
            #expect(try await coming.whole().status == 200)
            #expect(begin.duration(to: .now) >= .milliseconds(340))
            #expect(stalled.duration(to: .now) >= .milliseconds(300))
            // Over by itself.
            #expect(try await LoopbackClient.ask(server, "/simulator/faults").body == #"{"faults":[]}"#)
        }
    }

    @Test func `refuse: the port is closed for a while, and then the same again`() async throws {
        try await withSimulator { server in
            try await fault(server, #"{"fault":"refuse","for":"100ms"}"#)
            var refusals = 0
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                if let answer = try? await LoopbackClient.ask(server, "/health"), answer.status == 200, refusals > 0 {
                    break
                }
                refusals += 1
            }
            #expect(refusals > 0)
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
        }
    }

    @Test(arguments: [("unhealthy", "", 503), ("flapping-health", #","delay":"1h""#, 503), ("hang", "", 200)])
    func `health says what the fault makes it say`(name: String, more: String, status: Int) async throws {
        try await withSimulator { server in
            try await fault(server, "{\"fault\":\"\(name)\"\(more)}")
            #expect(try await LoopbackClient.ask(server, "/health").status == status)
            _ = try await clear(server, "?fault=\(name)")
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
        }
    }

    @Test func `flapping health is ill, well and ill again`() async throws {
        try await withSimulator { server in
            try await fault(server, #"{"fault":"flapping-health","delay":"30ms"}"#)
            var changes: [Int] = []
            let deadline = ContinuousClock.now + .seconds(20)
            while changes.count < 4, ContinuousClock.now < deadline {
                let status = try await LoopbackClient.ask(server, "/health").status
                if changes.last != status { changes.append(status) }
            }
            #expect(changes.count == 4)
            #expect(Set(changes) == [200, 503])
        }
    }

    @Test func `slow health takes its time, inference does not`() async throws {
        try await withSimulator { server in
            try await fault(server, #"{"fault":"slow-health","delay":"150ms"}"#)
            let elapsed = try await ContinuousClock().measure {
                let health = try await LoopbackClient.ask(server, "/health")
                #expect(health.status == 200)
            }
            #expect(elapsed >= .milliseconds(150))
            #expect(try await LoopbackClient.ask(server, "/v1/completions", whole).status == 200)
        }
    }

    @Test func `stale metrics stay as they were, and go on when it is over`() async throws {
        try await withSimulator { server in
            func prompts() async throws -> Bool {
                try await LoopbackClient.ask(server, "/metrics").body
                    .contains(#"vllm:prompt_tokens_total{model_name="sim",engine="0"} 1"#)
            }
            try await fault(server, #"{"fault":"stale-metrics"}"#)
            _ = try await LoopbackClient.ask(server, "/v1/completions", whole)
            #expect(try await !prompts())
            _ = try await clear(server)
            #expect(try await prompts())
        }
    }

    @Test func `every second connection is reset`() async throws {
        try await withSimulator { server in
            try await fault(server, #"{"fault":"reset-connections","every":2,"times":2}"#)
            var resets = 0
            for _ in 0..<4 {
                let text = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                if try await rawExchange(server, text).text.isEmpty { resets += 1 }
            }
            #expect(resets == 2)
            #expect(try await LoopbackClient.ask(server, "/health").status == 200)
        }
    }

    @Test func `each k-th request gets the fault, and the ledger says so`() async throws {
        try await withSimulator { server in
            try await fault(server, #"{"fault":"error","every":5}"#)
            var failures = 0
            for _ in 0..<10 {
                if try await LoopbackClient.ask(server, "/v1/completions", whole).status == 500 { failures += 1 }
            }
            #expect(failures == 2)
            try await state(server) { $0.contains(#""fault":2"#) && $0.contains(#""stop":8"#) }
        }
    }
}

@Suite struct ProcessFaultTests {
    /// What a fault did to the process.
    private final class Seen: Sendable {
        let all = Mutex<[String]>([])
        var door: ProcessDoor {
            ProcessDoor(
                log: { text in self.all.withLock { $0.append(text) } },
                exit: { status in self.all.withLock { $0.append("exit \(status)") } })
        }
    }

    @Test func `exit ends the process with the status that was asked for`() async throws {
        let seen = Seen()
        try await withSimulator(door: seen.door) { server in
            try await fault(server, #"{"fault":"exit","status":7}"#)
            #expect(seen.all.withLock { $0 } == ["exit 7"])
        }
    }

    @Test(arguments: ["xid-79", "cuda-oom", "nccl-timeout"]) func `log writes what the name stands for`(
        name: String
    ) async throws {
        let seen = Seen()
        try await withSimulator(door: seen.door) { server in
            try await fault(server, "{\"fault\":\"log\",\"name\":\"\(name)\"}")
            #expect(seen.all.withLock { $0 } == [EngineLog.texts[name] ?? ""])
        }
    }

    @Test func `a crash while loading writes its traceback, then ends with 1`() async throws {
        let seen = Seen()
        let options = SimulatorOptions.quick(startup: .seconds(3600)) { $0.faults = [Fault(.crash)] }
        try await withSimulator(options, door: seen.door) { server in
            try await state(server) { _ in seen.all.withLock { $0.count } == 2 }
            let lines = seen.all.withLock { $0 }
            #expect(lines.first?.contains("Traceback (most recent call last):") == true)
            #expect(lines.last == "exit 1")
        }
    }

    @Test func `memory grows while the fault is on, within its limit`() async throws {
        try await withSimulator { server in
            let answer = try await fault(server, #"{"fault":"memory","bytes":"1MiB","limit":"2MiB"}"#)
            #expect(answer.status == 200)
            #expect(try await LoopbackClient.ask(server, "/v1/completions", whole).status == 200)
            #expect(try await clear(server).body == #"{"faults":[]}"#)
        }
    }

    @Test func `a scenario does its steps at their times, on its own port only`() async throws {
        let seen = Seen()
        let text =
            #"{"at":"20ms","fault":"log","name":"xid-79"}"# + "\n" + #"{"at":"40ms","fault":"exit","status":3}"#
            + "\n" + #"{"at":"1ms","fault":"exit","status":9,"port":1}"#
        let scenario = try Scenario(text: text)
        try await withSimulator(.quick { $0.scenario = scenario }, door: seen.door) { server in
            try await state(server) { _ in seen.all.withLock { $0.count } == 2 }
            #expect(seen.all.withLock { $0.last } == "exit 3")
        }
    }
}

@Suite struct ControlPageTests {
    @Test(arguments: ["{}", "[]", #"{"fault":"hnag"}"#, #"{"fault":"cut","aftr":1}"#, #"{"fault":"refuse"}"#, ""])
    func `a fault that is not understood is a 400 that says why, and changes nothing`(json: String) async throws {
        try await withSimulator { server in
            let answer = try await LoopbackClient.ask(server, "/simulator/faults", json)
            #expect(answer.status == 400)
            #expect(answer.body.hasPrefix(#"{"error":"#))
            #expect(try await LoopbackClient.ask(server, "/simulator/faults").body == #"{"faults":[]}"#)
        }
    }

    @Test func `active faults are shown as they were asked for`() async throws {
        try await withSimulator { server async throws in
            let json = #"{"fault":"cut","after":5,"every":3}"#
            #expect(try await fault(server, json).body == #"{"faults":[\#(json)]}"#)
            #expect(try await clear(server, "?fault=nothing").status == 400)
            #expect(try await clear(server, "?fault=hang").body == #"{"faults":[\#(json)]}"#)
            #expect(try await clear(server, "?fault=cut").body == #"{"faults":[]}"#)
        }
    }

    @Test(arguments: ["/simulator/", "/simulator/nothing"]) func `what is no page says which there are`(
        path: String
    ) async throws {
        try await withSimulator { server in
            let answer = try await LoopbackClient.ask(server, path)
            #expect(answer.status == 404)
            #expect(answer.body.contains("/simulator/state"))
        }
    }

    @Test(arguments: [("?limit=2", 2), ("?limit=0", 0), ("", 3)]) func `requests are given up to a limit`(
        query: String, count: Int
    ) async throws {
        try await withSimulator { server in
            for _ in 0..<3 { _ = try await LoopbackClient.ask(server, "/v1/completions", whole) }
            let answer = try await LoopbackClient.ask(server, "/simulator/requests" + query)
            #expect(try answer.decoded(Requests.self).requests.count == count)
        }
    }

    @Test(arguments: ["?limit=x", "?limit=-1"]) func `a limit that is none is a 400`(query: String) async throws {
        try await withSimulator { server async throws in
            #expect(try await LoopbackClient.ask(server, "/simulator/requests" + query).status == 400)
        }
    }

    @Test func `a measurement may begin its lateness anew`() async throws {
        try await withSimulator { server in
            _ = try await LoopbackClient.ask(server, "/v1/completions", stream)
            #expect(try await !LoopbackClient.ask(server, "/simulator/state").body.contains(#""most":0"#))
            let fresh = try await LoopbackClient.ask(server, "/simulator/state", method: .DELETE)
            #expect(fresh.body.contains(#""most":0"#))
        }
    }

    @Test func `totals equal what clients saw`() async throws {
        try await withSimulator(.quick(tokens: 4)) { server in
            for _ in 0..<5 { _ = try await LoopbackClient.ask(server, "/v1/completions", stream) }
            _ = try await LoopbackClient.ask(server, "/v1/completions", "{}")
            let text = try await LoopbackClient.ask(server, "/simulator/state").body
            for part in [
                #""accepted":7"#, #""received":6"#, #""in_flight":0"#, #""most_in_flight":1"#, #""stop":5"#,
                #""refused":1"#, #""output":20"#, #""prompt":5"#, #""events":20"#, #""simulator":true"#,
            ] {
                #expect(text.contains(part), "\(part): \(text)")
            }
        }
    }
}
