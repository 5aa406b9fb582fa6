import ShimProtocol
import Testing

@Suite struct RoundTripTests {
    static let orders: [ShimOrder] = [
        .start(StartOrder(generation: 0, command: [], log: LogOrder(path: "", maximumBytes: 0))),
        .start(
            StartOrder(
                generation: .max, command: ["/bin/vllm", "serve", "", "ü"], environment: ["PATH=/bin", "EMPTY="],
                directory: "/srv", log: LogOrder(path: "/var/log/a.log", maximumBytes: 64 << 20),
                limits: LimitsOrder(openFiles: 1, coreBytes: 0, addressSpaceBytes: .max, oomScoreAdjust: -1000))),
        .terminate(generation: 7), .kill(generation: 8), .report, .quit, .revoke,
        .grant(StartOrder(generation: 2, command: ["/bin/vllm"], log: LogOrder(path: "/l", maximumBytes: 1))),
        .drain(DrainOrder(pid: .max, startTime: 9, log: LogOrder(path: "/x", maximumBytes: 1))),
    ]

    static let reports: [ShimReport] = [
        .state(ShimState(shim: 1)),
        .state(
            ShimState(
                shim: 1, running: ChildState(generation: 2, pid: 3, startTime: 4),
                lastExit: ChildExit(generation: 1, status: .code(3)))),
        .started(ChildState(generation: 1, pid: 2, startTime: 3)),
        .exited(ChildExit(generation: 1, status: .code(255), peakResidentBytes: 1 << 40, leftovers: 3)),
        .exited(ChildExit(generation: 1, status: .signal(9, dumpedCore: false))),
        .exited(ChildExit(generation: 1, status: .signal(11, dumpedCore: true))),
        .succeeded(ChildExit(generation: 1, status: .signal(9, dumpedCore: false), peakResidentBytes: 1)),
        .logDropped(bytes: 12, error: 28),
    ]

    @Test("an order comes out as it went in", arguments: orders)
    func order(_ order: ShimOrder) throws {
        #expect(try ShimOrder(decoding: order.encoded) == order)
    }

    @Test("a report comes out as it went in", arguments: reports)
    func report(_ report: ShimReport) throws {
        #expect(try ShimReport(decoding: report.encoded) == report)
    }

    @Test("each reason of a failed start comes out as it went in", arguments: StartFailure.Step.allCases)
    func failure(_ step: StartFailure.Step) throws {
        let report = ShimReport.startFailed(generation: 5, failure: StartFailure(step: step, error: 2))
        #expect(try ShimReport(decoding: report.encoded) == report)
    }

    @Test("a start order of a thousand variables fits into one packet")
    func large() {
        let order = StartOrder(
            generation: 1, command: ["/bin/true"], environment: (0..<1000).map { "VARIABLE_\($0)=\($0)" },
            log: LogOrder(path: "/l", maximumBytes: 1))
        #expect(ShimOrder.start(order).encoded.count < ShimProtocol.maximumMessage)
    }

    @Test("the first byte is the version, so that another build is recognised")
    func version() {
        #expect(ShimOrder.quit.encoded.first == ShimProtocol.version)
        #expect(ShimReport.state(ShimState(shim: 1)).encoded.first == ShimProtocol.version)
    }
}
