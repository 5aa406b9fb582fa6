import CLinux
import Glibc
import ShimProtocol

/// Starts a child as an order says.
struct Spawner {
    /// How many descriptors from 3 up each child gets.
    private let inherited: Int32
    private let limits = Limits()
    private let null: Int32

    init?(inherited: Int32) {
        self.inherited = inherited
        null = clinux_open("/dev/null", O_RDONLY, 0)
        guard null >= 0 else { return nil }
    }

    func start(_ order: StartOrder, output: borrowing Output) throws(StartFailure) -> ChildState {
        let directory = try openDirectory(order.directory)
        defer { if directory >= 0 { close(directory) } }
        let sink = output.openSink()
        guard sink >= 0 else { throw StartFailure(step: .output, error: errno) }
        defer { close(sink) }
        let program = try program(of: order)
        defer { limits.restore() }
        try limits.set(order.limits)
        let pid = try spawn(program, order, directory: directory, sink: sink)
        limits.seal(order.limits, of: pid)
        return ChildState(generation: order.generation, pid: pid, startTime: StartTime.of(pid) ?? 0)
    }

    /// Returns -1 when the child stays in the shim's directory.
    private func openDirectory(_ path: String?) throws(StartFailure) -> Int32 {
        guard let path else { return -1 }
        let directory = clinux_open_directory(path)
        guard directory >= 0 else { throw StartFailure(step: .directory, error: errno) }
        return directory
    }

    /// The program's path, searched for in the child's PATH, as the child itself would.
    private func program(of order: StartOrder) throws(StartFailure) -> String {
        guard let name = order.command.first, !name.isEmpty else {
            throw StartFailure(step: .order, error: EINVAL)
        }
        guard !name.utf8.contains(UInt8(ascii: "/")) else { return name }
        let path = order.environment.first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
        var error: Int32 = 0
        let found = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String? in
            error = clinux_find_program(name, String(path), buffer.baseAddress, buffer.count)
            return error == 0 ? buffer.baseAddress.map { String(cString: $0) } : nil
        }
        guard let found else { throw StartFailure(step: .program, error: error) }
        return found
    }

    private func spawn(
        _ program: String, _ order: StartOrder, directory: Int32, sink: Int32
    ) throws(StartFailure) -> Int32 {
        let arguments = CStrings(order.command)
        defer { arguments.free() }
        let environment = CStrings(order.environment)
        defer { environment.free() }
        let descriptors = [null, sink, sink] + (3..<3 + inherited)
        var pid: Int32 = 0
        let error = program.withCString { program in
            descriptors.withUnsafeBufferPointer { descriptors in
                var request = clinux_spawn_request(
                    program: program, arguments: arguments.start, environment: environment.start,
                    directory: directory, descriptors: descriptors.baseAddress,
                    descriptor_count: Int32(descriptors.count))
                return clinux_spawn(&request, &pid)
            }
        }
        guard error == 0 else { throw StartFailure(step: .program, error: error) }
        return pid
    }
}

/// A null-terminated list of C strings.
private struct CStrings {
    let start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        start = .allocate(capacity: count + 1)
        for (index, text) in texts.enumerated() { start[index] = strdup(text) }
        start[count] = nil
    }

    func free() {
        for index in 0..<count { Glibc.free(start[index]) }
        start.deallocate()
    }
}

/// When a process started: with its PID, the proof that it is the same process.
enum StartTime {
    /// Field 22 of `/proc/PID/stat`, nil when there is no such process.
    static func of(_ pid: Int32) -> UInt64? {
        guard let text = TextFile.read("/proc/\(pid)/stat", most: 1024) else { return nil }
        // The second field is the command's name in parentheses, in which anything may stand, parentheses too.
        guard let end = text.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        var field = 2
        var value: UInt64 = 0
        for byte in text.utf8[end...].dropFirst() {
            if byte == UInt8(ascii: " ") {
                if field == 22 { return value }
                field += 1
                value = 0
            } else if (48...57).contains(byte) {
                value = value &* 10 &+ UInt64(byte - 48)
            }
        }
        return nil
    }
}
