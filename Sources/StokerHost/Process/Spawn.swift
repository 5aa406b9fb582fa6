import CLinux
import Glibc
package import StokerCore

/// Starts programs by `posix_spawn`, each in a session of its own.
///
/// Not swift-subprocess: it cannot pass descriptors beyond the three standard ones (a shim needs its own socket and the
/// gateway's), and 1.0.2 may deadlock on its fork path when session and process group are set (its issue 374).
/// Not Foundation's `Process`: it misses deaths when grandchildren hold its socket.
package enum Spawn {
    /// What to start.
    package struct Request: Sendable {
        /// Program and arguments. A program without a slash is searched for in PATH of `environment`.
        package var command: [String]
        /// `NAME=value`; the program gets nothing else.
        package var environment: [String]
        /// nil: the directory of this process.
        package var directory: String?
        /// Descriptors 0, 1, 2 … of the program; it gets no other.
        package var descriptors: [Int32]

        /// A wish to start a program.
        package init(
            command: [String], environment: [String], directory: String? = nil, descriptors: [Int32]
        ) {
            self.command = command
            self.environment = environment
            self.directory = directory
            self.descriptors = descriptors
        }
    }

    /// Starts it and returns its PID; the caller must reap it. An exec that fails is an error here.
    package static func start(_ request: Request) throws(SystemError) -> Int32 {
        let program = try program(of: request)
        var directory: Int32 = -1
        if let path = request.directory {
            directory = clinux_open_directory(path)
            guard directory >= 0 else { throw SystemError("directory \(path)") }
        }
        defer { if directory >= 0 { close(directory) } }
        var pid: Int32 = 0
        let error = withCStrings(request.command) { arguments in
            withCStrings(request.environment) { environment in
                request.descriptors.withUnsafeBufferPointer { descriptors in
                    program.withCString { program in
                        var wish = clinux_spawn_request(
                            program: program, arguments: arguments, environment: environment, directory: directory,
                            descriptors: descriptors.baseAddress, descriptor_count: Int32(descriptors.count))
                        return clinux_spawn(&wish, &pid)
                    }
                }
            }
        }
        guard error == 0 else { throw SystemError(program, code: error) }
        return pid
    }

    /// The status of a child that has ended, which is thereby reaped; nil while it runs, or when it is not our child.
    package static func reap(_ pid: Int32) -> ExitStatus? {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == pid ? ExitStatus(waitStatus: status) : nil
    }

    private static func program(of request: Request) throws(SystemError) -> String {
        guard let name = request.command.first, !name.isEmpty else {
            throw SystemError("an empty command", code: EINVAL)
        }
        guard !name.utf8.contains(UInt8(ascii: "/")) else { return name }
        let path = String(request.environment.first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "")
        var error: Int32 = 0
        let found = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String? in
            error = clinux_find_program(name, path, buffer.baseAddress, buffer.count)
            return error == 0 ? buffer.baseAddress.map { String(cString: $0) } : nil
        }
        guard let found else { throw SystemError("\(name) in PATH \(path)", code: error) }
        return found
    }

    /// Calls the body with a null-terminated list of C strings.
    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
