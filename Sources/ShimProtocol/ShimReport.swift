/// What a shim tells the control plane.
package enum ShimReport: Equatable, Sendable {
    /// The first message of each connection, and the answer to `report`.
    case state(ShimState)
    /// The child runs.
    case started(ChildState)
    /// The child could not be started.
    case startFailed(generation: UInt64, failure: StartFailure)
    /// The child has ended, and nothing that descends from it is left.
    case exited(ChildExit)
    /// As `exited`, but its granted successor has been started in its place: `started` or `startFailed` of the next
    /// generation follows.
    case succeeded(ChildExit)
    /// So many bytes of output could not be kept since the last report, and the error number that says why.
    case logDropped(bytes: UInt64, error: Int32)
}

/// All that a shim knows.
package struct ShimState: Equatable, Sendable {
    /// PID of the shim.
    package var shim: Int32
    /// The child that runs, or whose descendants are being ended.
    package var running: ChildState?
    /// The last end, until the next start by order: kept for a control plane that was not there when it happened.
    package var lastExit: ChildExit?

    /// What a shim knows.
    package init(shim: Int32, running: ChildState? = nil, lastExit: ChildExit? = nil) {
        self.shim = shim
        self.running = running
        self.lastExit = lastExit
    }
}

/// A child that runs.
package struct ChildState: Equatable, Sendable {
    /// Of the order that started it.
    package var generation: UInt64
    /// Its number.
    package var pid: Int32
    /// Field 22 of `/proc/PID/stat`.
    package var startTime: UInt64

    /// A child that runs.
    package init(generation: UInt64, pid: Int32, startTime: UInt64) {
        self.generation = generation
        self.pid = pid
        self.startTime = startTime
    }
}

/// How a child ended.
package struct ChildExit: Equatable, Sendable {
    /// Of the order that started it.
    package var generation: UInt64
    /// How the main process ended.
    package var status: ChildStatus
    /// Largest resident size it had, as `wait4` tells; of the main process only.
    package var peakResidentBytes: UInt64
    /// How many leftover processes had to be ended after it.
    package var leftovers: UInt32

    /// The end of a child.
    package init(generation: UInt64, status: ChildStatus, peakResidentBytes: UInt64 = 0, leftovers: UInt32 = 0) {
        self.generation = generation
        self.status = status
        self.peakResidentBytes = peakResidentBytes
        self.leftovers = leftovers
    }
}

/// What the kernel said of its end.
package enum ChildStatus: Equatable, Sendable {
    case code(Int32)
    case signal(Int32, dumpedCore: Bool)
}

/// Why a child could not be started: at which step, and the error number of it.
package struct StartFailure: Error, Equatable, Sendable {
    /// What was being done.
    package enum Step: UInt8, Sendable, CaseIterable {
        /// The program was not found, or exec refused it.
        case program = 1
        /// The working directory cannot be entered.
        case directory
        /// The pipe for its output cannot be made.
        case output
        case openFiles
        case coreBytes
        case addressSpace
        case oomScore
        /// Another child still runs under this shim.
        case busy
        /// The order makes no sense: no command.
        case order
    }

    /// What could not be done.
    package var step: Step
    /// `errno`.
    package var error: Int32

    /// A failure at that step.
    package init(step: Step, error: Int32) {
        self.step = step
        self.error = error
    }
}

extension ShimReport {
    /// The report as one packet.
    package var encoded: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .state(let state):
            writer.put(1 as UInt8)
            writer.put(state.shim)
            writer.put(state.running) { $1.write(to: &$0) }
            writer.put(state.lastExit) { $1.write(to: &$0) }
        case .started(let child):
            writer.put(2 as UInt8)
            child.write(to: &writer)
        case .startFailed(let generation, let failure):
            writer.put(3 as UInt8)
            writer.put(generation)
            writer.put(failure.step.rawValue)
            writer.put(failure.error)
        case .exited(let exit):
            writer.put(4 as UInt8)
            exit.write(to: &writer)
        case .logDropped(let bytes, let error):
            writer.put(5 as UInt8)
            writer.put(bytes)
            writer.put(error)
        case .succeeded(let exit):
            writer.put(6 as UInt8)
            exit.write(to: &writer)
        }
        return writer.bytes
    }

    /// Reads a packet; whatever it holds, the result is a report or an error.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes)
        switch try reader.byte() {
        case 1:
            self = .state(
                ShimState(
                    shim: try reader.number(),
                    running: try reader.optional { reader throws(WireError) in try ChildState(from: &reader) },
                    lastExit: try reader.optional { reader throws(WireError) in try ChildExit(from: &reader) }))
        case 2: self = .started(try ChildState(from: &reader))
        case 3: self = .startFailed(generation: try reader.number(), failure: try StartFailure(from: &reader))
        case 4: self = .exited(try ChildExit(from: &reader))
        case 5: self = .logDropped(bytes: try reader.number(), error: try reader.number())
        case 6: self = .succeeded(try ChildExit(from: &reader))
        case let other: throw .unknown(field: "report", value: other)
        }
        try reader.finish()
    }
}

extension ChildState {
    fileprivate func write(to writer: inout WireWriter) {
        writer.put(generation)
        writer.put(pid)
        writer.put(startTime)
    }

    fileprivate init(from reader: inout WireReader) throws(WireError) {
        generation = try reader.number()
        pid = try reader.number()
        startTime = try reader.number()
    }
}

extension StartFailure {
    fileprivate init(from reader: inout WireReader) throws(WireError) {
        let number = try reader.byte()
        guard let step = Step(rawValue: number) else { throw .unknown(field: "step", value: number) }
        self.init(step: step, error: try reader.number())
    }
}

extension ChildExit {
    fileprivate func write(to writer: inout WireWriter) {
        writer.put(generation)
        switch status {
        case .code(let code):
            writer.put(0 as UInt8)
            writer.put(code)
        case .signal(let signal, let dumpedCore):
            writer.put(dumpedCore ? 2 as UInt8 : 1)
            writer.put(signal)
        }
        writer.put(peakResidentBytes)
        writer.put(leftovers)
    }

    fileprivate init(from reader: inout WireReader) throws(WireError) {
        generation = try reader.number()
        switch try reader.byte() {
        case 0: status = .code(try reader.number())
        case 1: status = .signal(try reader.number(), dumpedCore: false)
        case 2: status = .signal(try reader.number(), dumpedCore: true)
        case let other: throw .unknown(field: "status", value: other)
        }
        peakResidentBytes = try reader.number()
        leftovers = try reader.number()
    }
}
