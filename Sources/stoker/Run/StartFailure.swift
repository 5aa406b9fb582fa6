/// Why `stoker run` did not start, ready to be printed: one line a problem, exit code 2.
struct StartFailure: Error {
    let lines: [String]

    init(_ lines: [String]) { self.lines = lines }

    init(_ line: String) { lines = [line] }
}
