import Foundation
import StokerCore
import StokerLoad
import StokerProbe

/// Holds one exam: a simulator in a process of its own, so that the two share no thread, and a load generator here.
struct ExamHall {
    let exam: Exam
    private let client = CurlClient()

    init(exam: Exam) { self.exam = exam }

    func result() async -> ExamResult {
        do {
            let simulator = try await ExamSimulator.start(exam.server)
            defer { simulator.stop() }
            let tally = try await measure(simulator.port)
            return ExamResult(
                name: exam.name,
                findings: exam.check(ExamEvidence(tally: tally, ledger: try await ledger(simulator.port))))
        } catch let error as LoadError {
            return ExamResult(name: exam.name, obstacle: error.message)
        } catch {
            return ExamResult(name: exam.name, obstacle: "\(error)")
        }
    }

    private func measure(_ port: UInt16) async throws -> Tally {
        let runner = LoadRunner(exam.plan(host: "127.0.0.1", port: port))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            if let freeze = exam.server.freeze { group.addTask { try await self.freeze(freeze, port) } }
            let tally = try await runner.run()
            try await group.waitForAll()
            return tally
        }
    }

    private func freeze(_ freeze: ExamServer.Freeze, _ port: UInt16) async throws {
        try await ContinuousClock().sleep(for: .nanoseconds(freeze.after))
        let body = #"{"fault": "stall-all", "for": "\#(Duration.nanoseconds(freeze.length).text)"}"#
        _ = try await ask("POST", "faults", port, body: body)
    }

    private func ledger(_ port: UInt16) async throws -> ServerLedger {
        try ServerLedger(state: try await ask("GET", "state", port), requests: try await ask("GET", "requests", port))
    }

    private func ask(_ method: String, _ page: String, _ port: UInt16, body: String? = nil) async throws -> [UInt8] {
        let answer = try await client.send(
            ClientRequest(method, url: "http://127.0.0.1:\(port)/simulator/\(page)", body: body.map { Array($0.utf8) }))
        guard answer.status == 200 else { throw LoadError("the simulator answers \(answer.status): \(answer.text)") }
        return answer.body
    }
}
