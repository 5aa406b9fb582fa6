import StokerCore

/// Faults with their times: what a scenario file says.
package struct Scenario: Sendable, Equatable {
    /// One line of the file.
    package struct Step: Sendable, Equatable {
        /// After the start.
        package var at: Duration
        /// The engine on this port only; nil is all of them.
        package var port: UInt16?
        package var fault: Fault
    }

    /// Most steps that are read.
    static let maxSteps = 10_000

    /// In the order of their times.
    package var steps: [Step]

    package init(steps: [Step] = []) { self.steps = steps.sorted { $0.at < $1.at } }

    /// Reads JSON lines: `{"at": "5s", "for": "3s", "fault": "hang"}`. Empty lines and lines that begin with `#` are
    /// left out.
    ///
    /// - Throws: the first fault with its line.
    package init(text: String) throws(FaultError) {
        var steps: [Step] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let line = line.drop { $0 == " " || $0 == "\t" }
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            do throws(FaultError) {
                steps.append(try Step(json: Array(line.utf8)))
                guard steps.count <= Self.maxSteps else {
                    throw FaultError(message: "more than \(Self.maxSteps) steps")
                }
            } catch {
                throw FaultError(message: "line \(number + 1): \(error.message)")
            }
        }
        self.init(steps: steps)
    }

    /// What is done on an engine.
    package func steps(port: UInt16) -> [Step] { steps.filter { $0.port == nil || $0.port == port } }
}

extension Scenario.Step {
    fileprivate init(json: [UInt8]) throws(FaultError) {
        var fields = try FaultFields(json: json)
        guard let at = fields.take("at") else { throw FaultError(message: "'at' is missing: when, such as \"5s\"") }
        self.at = try at.duration("at")
        if let port = fields.take("port") {
            guard case .number(let number) = port, let whole = UInt16(exactly: number) else {
                throw FaultError(message: "'port' is \(port.shown); it must be 0 to 65535")
            }
            self.port = whole
        }
        fault = try fields.fault()
    }
}
