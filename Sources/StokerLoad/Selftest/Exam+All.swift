extension Exam {
    /// All of them, in the order in which they are sat: under a minute together.
    package static var all: [Exam] { [constantTimes, freeze, plateau, packing] + arrivals + failures }

    static var constantTimes: Exam {
        var server = ExamServer()
        server.firstToken = 50_000_000
        server.interval = 10_000_000
        server.tokens = 6
        return Exam(
            "constant times", "what the server takes is what is measured", server: server,
            load: .users(1, requests: 30)
        ) { [server] in ExamCheck.constant($0, server) + ExamCheck.ledger($0) }
    }

    /// With a cap, because an open loop without one sends on time into a frozen server, and both clocks agree.
    static var freeze: Exam {
        let length: Nanoseconds = 8_000_000_000
        let freeze: Nanoseconds = 2_000_000_000
        var server = ExamServer()
        server.tokens = 1
        server.freeze = ExamServer.Freeze(after: 3_000_000_000, length: freeze)
        var load = ExamLoad.rate(200, .constant, for: length)
        load.inFlight = 8
        return Exam(
            "freeze", "a server that stalls cannot hide it by being asked less", server: server, load: load
        ) {
            ExamCheck.freeze($0.tally, run: length, freeze: freeze)
                + ExamCheck.exchanged($0.tally, run: length, freeze: freeze) + ExamCheck.ledger($0)
        }
    }

    static var plateau: Exam {
        var server = ExamServer()
        server.firstToken = 40_000_000
        return Exam("plateau", "20 users are 20 requests in flight", server: server, load: .users(20, requests: 600)) {
            ExamCheck.plateau($0, users: 20) + ExamCheck.ledger($0)
        }
    }

    static var packing: Exam {
        var server = ExamServer()
        server.firstToken = 20_000_000
        server.interval = 4_000_000
        server.tokens = 40
        server.tokensPerEvent = 4
        server.eventsPerWrite = 5
        return Exam("packing", "an event is no token, a read no event", server: server, load: .users(2, requests: 12)) {
            [server] in ExamCheck.packing($0, server) + ExamCheck.ledger($0)
        }
    }

    static var arrivals: [Exam] {
        let spacings: [(String, RateArrival.Spacing)] = [
            ("constant", .constant), ("poisson", .poisson), ("gamma", .gamma(burstiness: 0.5)),
        ]
        return spacings.map { name, spacing in
            Exam(
                "arrivals, \(name)", "requests come when the plan says", server: ExamServer(),
                load: .rate(250, spacing, for: 5_000_000_000)
            ) { ExamCheck.arrivals($0, rate: 250, spacing) + ExamCheck.ledger($0) }
        }
    }

    /// Each way to fail, by what the simulator calls it.
    static var failures: [Exam] {
        let faults: [(String, Outcome)] = [
            ("cut after=2", .truncated), ("reset after=2", .reset), ("error status=500", .serverError),
            ("error status=400", .clientError), ("overload status=429", .rateLimited),
            ("overload status=503", .unavailable), ("error-event after=2", .streamError),
            ("error-event after=0", .streamError), ("empty", .noToken), ("html", .wrongContentType),
            ("redirect", .redirect), ("garbage", .malformed), ("no-done", .unfinished),
            ("hang", .firstTokenTimeout), ("stall after=2", .idleTimeout),
        ]
        return faults.map { failure($0, $1) } + [refused]
    }

    private static let failedRequests = 3

    private static func failure(_ fault: String, _ outcome: Outcome) -> Exam {
        var load = ExamLoad.users(1, requests: failedRequests)
        load.fault = fault
        load.deadlines.firstToken = 200_000_000
        load.deadlines.idle = 300_000_000
        return Exam("fault: \(fault)", "no failure counts as a success", server: ExamServer(), load: load) {
            ExamCheck.outcome($0, outcome, requests: failedRequests)
        }
    }

    private static var refused: Exam {
        var load = ExamLoad.users(1, requests: failedRequests)
        load.isRefused = true
        return Exam("fault: nobody listens", "no failure counts as a success", server: ExamServer(), load: load) {
            ExamCheck.outcome($0, .refused, requests: failedRequests)
        }
    }
}
