import Glibc
import StokerAdmin
import StokerCore
import Testing

@Suite("Reading a log")
struct LogReaderTests {
    private func last(_ count: Int, of path: String) -> String {
        let reader = LogReader(path: path)
        var bytes: [UInt8] = []
        reader.readLast(count) { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("gives the last lines, the unfinished one included")
    func lastLines() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("one\ntwo\nthree\n", to: path)
            #expect(last(2, of: path) == "two\nthree\n")
            #expect(last(3, of: path) == "one\ntwo\nthree\n")
            #expect(last(99, of: path) == "one\ntwo\nthree\n")
            #expect(last(0, of: path) == "")
            write("unfinished", to: path, appending: true)
            #expect(last(2, of: path) == "three\nunfinished")
        }
    }

    @Test("counts empty lines as lines")
    func emptyLines() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("a\n\n\n", to: path)
            #expect(last(2, of: path) == "\n\n")
            write("", to: path)
            #expect(last(2, of: path) == "")
            write("\n", to: path)
            #expect(last(1, of: path) == "\n")
        }
    }

    @Test("reaches back into the older part when the newer one is short")
    func olderPart() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("one\ntwo\n", to: path + ".1")
            #expect(last(1, of: path) == "two\n")
            write("three\n", to: path)
            #expect(last(1, of: path) == "three\n")
            #expect(last(2, of: path) == "two\nthree\n")
            #expect(last(9, of: path) == "one\ntwo\nthree\n")
        }
    }

    @Test("finds the lines when they lie across many blocks")
    func largeFile() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            let lines = (0..<20_000).map { "line \($0) " + String(repeating: "x", count: $0 % 97) + "\n" }
            write(lines.joined(), to: path)
            for count in [1, 100, 5000, 19_999, 20_000, 30_000] {
                #expect(last(count, of: path) == lines.suffix(count).joined())
            }
        }
    }

    @Test("gives nothing, and says so, where nothing was logged")
    func missing() {
        #expect(!LogReader(path: "/nonexistent/a.log").exists)
        #expect(last(5, of: "/nonexistent/a.log") == "")
    }
}

@Suite("Following a log")
struct LogFollowingTests {
    private func added(_ reader: LogReader) -> String {
        var bytes: [UInt8] = []
        reader.readAdded { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("gives what is added, once")
    func added() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("old\n", to: path)
            let reader = LogReader(path: path)
            reader.readLast(0) { _ in }
            #expect(added(reader) == "")
            write("new\n", to: path, appending: true)
            #expect(added(reader) == "new\n")
            #expect(added(reader) == "")
        }
    }

    @Test("waits for a log that does not exist yet")
    func notYet() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            let reader = LogReader(path: path)
            reader.readLast(10) { _ in }
            #expect(added(reader) == "")
            write("first\n", to: path)
            #expect(added(reader) == "first\n")
        }
    }

    @Test("loses nothing at a rotation, not even what came just before it")
    func rotation() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("one\n", to: path)
            let reader = LogReader(path: path)
            reader.readLast(10) { _ in }
            write("two\n", to: path, appending: true)
            rename(path, path + ".1")
            write("three\n", to: path)
            #expect(added(reader) == "two\nthree\n")
            write("four\n", to: path, appending: true)
            #expect(added(reader) == "four\n")
        }
    }

    @Test("loses nothing when the log was rotated twice meanwhile")
    func twoRotations() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("one\n", to: path)
            let reader = LogReader(path: path)
            reader.readLast(0) { _ in }
            for text in ["two\n", "three\n"] {
                rename(path, path + ".1")
                write(text, to: path)
            }
            #expect(added(reader) == "two\nthree\n")
        }
    }

    @Test("keeps what it has while the new file is not there yet")
    func betweenFiles() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("one\n", to: path)
            let reader = LogReader(path: path)
            reader.readLast(10) { _ in }
            rename(path, path + ".1")
            #expect(added(reader) == "")
            write("late\n", to: path + ".1", appending: true)
            #expect(added(reader) == "late\n")
            write("two\n", to: path)
            #expect(added(reader) == "two\n")
        }
    }

    @Test("begins again at the top of a file that was emptied in place")
    func truncated() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.log"
            write("a long line\n", to: path)
            let reader = LogReader(path: path)
            reader.readLast(10) { _ in }
            #expect(truncate(path, 0) == 0)
            #expect(added(reader) == "")
            write("new\n", to: path, appending: true)
            #expect(added(reader) == "new\n")
        }
    }
}

@Suite("Splitting lines")
struct LineSplitterTests {
    @Test("does not depend on the pieces", arguments: 1...12)
    func pieces(size: Int) {
        let text = Array("one\r\n\ntwo\nthree and a half".utf8)
        var splitter = LineSplitter()
        var lines: [[UInt8]] = []
        for start in stride(from: 0, to: text.count, by: size) {
            lines += splitter.lines(adding: text[start..<min(start + size, text.count)])
        }
        #expect(lines == [Array("one".utf8), [], Array("two".utf8)])
        #expect(splitter.rest() == Array("three and a half".utf8))
        #expect(splitter.rest() == nil)
    }

    @Test("gives an endless line in parts")
    func endless() {
        var splitter = LineSplitter()
        let flood = [UInt8](repeating: 65, count: LineSplitter.longest * 3 + 5)
        let lines = splitter.lines(adding: flood[...])
        #expect(lines.map(\.count) == [LineSplitter.longest, LineSplitter.longest, LineSplitter.longest])
        #expect(splitter.rest()?.count == 5)
    }
}

@Suite("A log line")
struct LogLineTests {
    private func text(_ line: String, isTerminal: Bool, prefixWidth: Int? = nil) -> String {
        let bytes = LogLine(process: "a", bytes: Array(line.utf8))
            .rendered(prefixWidth: prefixWidth, isTerminal: isTerminal, TextStyle())
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("goes into a pipe byte for byte")
    func pipe() {
        let bytes: [UInt8] = [0x1B, 0x5B, 0x32, 0x4A, 0xFF, 0x00]
        let line = LogLine(process: "a", bytes: bytes).rendered(prefixWidth: nil, isTerminal: false, TextStyle())
        #expect(line == bytes + [0x0A])
    }

    @Test(
        "cannot steer a terminal",
        arguments: [
            ("\u{1B}[2Jgone", "\\x1b[2Jgone"), ("\u{1B}]0;title\u{7}", "\\x1b]0;title\\x07"),
            ("50 %\r60 %", "50 %\\r60 %"),
            ("\u{1B}[32mINFO\u{1B}[0m ready", "INFO ready"), ("\u{1B}[1;38:5:9mX\u{1B}[m", "X"), ("\u{1B}[", "\\x1b["),
            ("\u{1B}[3", "\\x1b[3"), ("\u{1B}", "\\x1b"), ("\u{1B}[?25l", "\\x1b[?25l"),
        ])
    func terminal(line: String, shown: String) {
        #expect(text(line, isTerminal: true) == shown + "\n")
    }

    @Test("is preceded by the name of its process when there are several")
    func prefix() {
        #expect(text("ready", isTerminal: false, prefixWidth: 4) == "a    | ready\n")
    }

    @Test("is an object of its own in JSON")
    func json() throws {
        let line = try LogLine(process: "a", bytes: [0x22, 0xFF]).json()
        #expect(String(decoding: line, as: UTF8.self) == "{\"line\":\"\\\"\u{FFFD}\",\"process\":\"a\"}\n")
    }
}
