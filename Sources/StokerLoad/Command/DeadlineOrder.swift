/// What a person said about how long things may take.
package struct DeadlineOrder: Sendable, Equatable {
    package var connect: String?
    package var firstToken: String?
    package var idle: String?
    package var total: String?

    package init() {}

    package func deadlines() throws(LoadError) -> LoadDeadlines {
        var deadlines = LoadDeadlines()
        if let connect { deadlines.connect = try Asked(connect, flag: "--connect-timeout").duration(try: "5s") }
        if let firstToken { deadlines.firstToken = try Asked(firstToken, flag: "--ttft-timeout").duration(try: "30s") }
        if let idle { deadlines.idle = try Asked(idle, flag: "--idle-timeout").duration(try: "10s") }
        if let total { deadlines.total = try Asked(total, flag: "--timeout").duration(try: "2m") }
        return deadlines
    }
}
