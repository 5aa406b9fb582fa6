/// What the control plane tells a shim.
package enum ShimOrder: Equatable, Sendable {
    /// Start the child; answered by `started` or `startFailed`.
    case start(StartOrder)
    /// SIGTERM to the child's process group. A stale generation is ignored, here and below.
    case terminate(generation: UInt64)
    /// SIGKILL to the child and everything that descends from it.
    case kill(generation: UInt64)
    /// Should the child end by itself, start this one at once, and only then tell; the newest grant counts. Void
    /// unless its generation follows the child's. `terminate`, `kill`, `quit` and a new connection end it, as does use.
    case grant(StartOrder)
    /// The grant is taken back. A report that it has been used may cross this.
    case revoke
    /// Keep the output of a process whose own shim has died.
    case drain(DrainOrder)
    /// Answer with `state`.
    case report
    /// Leave, unless a child runs.
    case quit
}

/// Everything that a shim needs in order to start its child.
package struct StartOrder: Equatable, Sendable {
    /// Which start this is; every later order and report about it names it.
    package var generation: UInt64
    /// Program and its arguments. A program without a slash is searched for in the PATH of `environment`.
    package var command: [String]
    /// `NAME=value`, the child's whole environment.
    package var environment: [String]
    /// Working directory; nil is the shim's own, which is the control plane's.
    package var directory: String?
    /// Where its output goes.
    package var log: LogOrder
    /// What the kernel allows it.
    package var limits: LimitsOrder

    /// An order to start a child.
    package init(
        generation: UInt64, command: [String], environment: [String] = [], directory: String? = nil, log: LogOrder,
        limits: LimitsOrder = LimitsOrder()
    ) {
        self.generation = generation
        self.command = command
        self.environment = environment
        self.directory = directory
        self.log = log
        self.limits = limits
    }
}

/// A running process that has lost its shim.
package struct DrainOrder: Equatable, Sendable {
    /// Its number.
    package var pid: Int32
    /// Field 22 of `/proc/PID/stat`: the order is void if the process of that number has another.
    package var startTime: UInt64
    /// Where its output goes.
    package var log: LogOrder

    /// An order to keep the output of that process.
    package init(pid: Int32, startTime: UInt64, log: LogOrder) {
        self.pid = pid
        self.startTime = startTime
        self.log = log
    }
}

/// Where output is kept.
package struct LogOrder: Equatable, Sendable {
    /// Absolute; the older part is `<path>.1`.
    package var path: String
    /// Most bytes on disk, of both files together.
    package var maximumBytes: UInt64

    /// A log at that path.
    package init(path: String, maximumBytes: UInt64) {
        self.path = path
        self.maximumBytes = maximumBytes
    }
}

/// Kernel limits of the child; nil leaves what the control plane has.
package struct LimitsOrder: Equatable, Sendable {
    /// RLIMIT_NOFILE, RLIMIT_CORE and RLIMIT_AS.
    package var openFiles: UInt64?
    /// RLIMIT_CORE; 0 is no core file.
    package var coreBytes: UInt64?
    /// RLIMIT_AS.
    package var addressSpaceBytes: UInt64?
    /// `/proc/PID/oom_score_adj`, -1000 to 1000.
    package var oomScoreAdjust: Int32?

    /// Limits; none by default.
    package init(
        openFiles: UInt64? = nil, coreBytes: UInt64? = nil, addressSpaceBytes: UInt64? = nil,
        oomScoreAdjust: Int32? = nil
    ) {
        self.openFiles = openFiles
        self.coreBytes = coreBytes
        self.addressSpaceBytes = addressSpaceBytes
        self.oomScoreAdjust = oomScoreAdjust
    }
}

extension ShimOrder {
    /// The order as one packet; may exceed `ShimProtocol.maximumMessage`, which the sender must check.
    package var encoded: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .start(let order):
            writer.put(1 as UInt8)
            order.write(to: &writer)
        case .terminate(let generation):
            writer.put(2 as UInt8)
            writer.put(generation)
        case .kill(let generation):
            writer.put(3 as UInt8)
            writer.put(generation)
        case .drain(let order):
            writer.put(4 as UInt8)
            writer.put(order.pid)
            writer.put(order.startTime)
            order.log.write(to: &writer)
        case .report: writer.put(5 as UInt8)
        case .quit: writer.put(6 as UInt8)
        case .grant(let order):
            writer.put(7 as UInt8)
            order.write(to: &writer)
        case .revoke: writer.put(8 as UInt8)
        }
        return writer.bytes
    }

    /// Reads a packet; whatever it holds, the result is an order or an error.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes)
        switch try reader.byte() {
        case 1: self = .start(try StartOrder(from: &reader))
        case 2: self = .terminate(generation: try reader.number())
        case 3: self = .kill(generation: try reader.number())
        case 4:
            self = .drain(
                DrainOrder(pid: try reader.number(), startTime: try reader.number(), log: try LogOrder(from: &reader)))
        case 5: self = .report
        case 6: self = .quit
        case 7: self = .grant(try StartOrder(from: &reader))
        case 8: self = .revoke
        case let other: throw .unknown(field: "order", value: other)
        }
        try reader.finish()
    }
}

extension StartOrder {
    fileprivate func write(to writer: inout WireWriter) {
        writer.put(generation)
        writer.put(command)
        writer.put(environment)
        writer.put(directory) { $0.put($1) }
        log.write(to: &writer)
        writer.put(limits.openFiles) { $0.put($1) }
        writer.put(limits.coreBytes) { $0.put($1) }
        writer.put(limits.addressSpaceBytes) { $0.put($1) }
        writer.put(limits.oomScoreAdjust) { $0.put($1) }
    }

    fileprivate init(from reader: inout WireReader) throws(WireError) {
        generation = try reader.number()
        command = try reader.texts()
        environment = try reader.texts()
        directory = try reader.optional { reader throws(WireError) in try reader.text() }
        log = try LogOrder(from: &reader)
        limits = LimitsOrder()
        limits.openFiles = try reader.optional { reader throws(WireError) in try reader.number() }
        limits.coreBytes = try reader.optional { reader throws(WireError) in try reader.number() }
        limits.addressSpaceBytes = try reader.optional { reader throws(WireError) in try reader.number() }
        limits.oomScoreAdjust = try reader.optional { reader throws(WireError) in try reader.number() }
    }
}

extension LogOrder {
    fileprivate func write(to writer: inout WireWriter) {
        writer.put(path)
        writer.put(maximumBytes)
    }

    fileprivate init(from reader: inout WireReader) throws(WireError) {
        path = try reader.text()
        maximumBytes = try reader.number()
    }
}
