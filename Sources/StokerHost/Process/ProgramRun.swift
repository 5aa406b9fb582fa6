import CLinux
import Glibc
package import StokerCore

/// One run of a short program, such as an exec probe.
package struct ProgramRun: Sendable, Equatable {
    /// How it ended.
    package enum End: Sendable, Equatable {
        case exited(ExitStatus)
        /// It did not end in time and was killed.
        case timeout
        /// It could not be started; one line.
        case startFailed(String)
    }

    /// How it ended.
    package var end: End
    /// The last line of its output that is not empty, at most 4 KiB of it.
    package var lastLine: String
    /// From before its start to its end.
    package var took: Duration
}

/// Runs a program to its end, or to the deadline, when its whole session is killed. Nothing of it is left afterwards,
/// except what it has put into another session.
///
/// - Parameter environment: `NAME=value`, all that the program gets.
package func runProgram(
    _ command: [String], environment: [String], directory: String? = nil, deadline: Duration
) async -> ProgramRun {
    // Own thread: a probe may hang in an exec on a dead mount, and must not take a thread of the pool with it.
    await OwnThread.run { RunningProgram.run(command, environment, directory, deadline) }
}

private enum RunningProgram {
    private static let mostOutput = 4096

    static func run(
        _ command: [String], _ environment: [String], _ directory: String?, _ limit: Duration
    ) -> ProgramRun {
        let start = Deadline(after: .seconds(0))
        do throws(SystemError) {
            let null = try Descriptor.open("/dev/null", O_RDWR)
            var ends: [Int32] = [-1, -1]
            guard clinux_pipe(&ends) == 0 else { throw SystemError("pipe") }
            let output = Descriptor(owning: ends[0])
            let sink = Descriptor(owning: ends[1])
            // Only we never wait: a program that finds its output full is to wait, not to fail.
            _ = clinux_fcntl(sink.number, F_SETFL, 0)
            let pid = try Spawn.start(
                Spawn.Request(
                    command: command, environment: environment, directory: directory,
                    descriptors: [null.number, sink.number, sink.number]))
            let (end, tail) = follow(pid, output, Deadline(after: limit))
            return ProgramRun(end: end, lastLine: lastLine(of: tail), took: start.passed)
        } catch {
            return ProgramRun(end: .startFailed("\(error)"), lastLine: "", took: start.passed)
        }
    }

    /// Waits for the process, not for the end of its output: a daemon that it left behind may hold that for ever.
    private static func follow(_ pid: Int32, _ output: Descriptor, _ deadline: Deadline) -> (ProgramRun.End, [UInt8]) {
        var tail: [UInt8] = []
        let pidfd = clinux_pidfd_open(pid)
        defer { if pidfd >= 0 { close(pidfd) } }
        while true {
            var entries = [
                pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output.number, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&entries, 2, deadline.left)
            take(output, &tail)
            let hasEnded = entries[0].revents != 0
            guard hasEnded || count == 0 || pidfd < 0 else { continue }
            // Before it is reaped: until then the number of its group is nobody else's.
            kill(-pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            take(output, &tail)
            return (hasEnded ? .exited(ExitStatus(waitStatus: status)) : .timeout, tail)
        }
    }

    private static func take(_ output: Descriptor, _ tail: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: mostOutput)
        // Bounded: a program that never stops talking must not keep us from the deadline.
        for _ in 0..<64 {
            let length = read(output.number, &buffer, buffer.count)
            guard length > 0 else { return }
            tail = (tail + buffer.prefix(length)).suffix(mostOutput)
        }
    }

    private static func lastLine(of tail: [UInt8]) -> String {
        tail.split(separator: UInt8(ascii: "\n")).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
