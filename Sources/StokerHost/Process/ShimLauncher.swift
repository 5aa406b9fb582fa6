import CLinux
import Glibc

/// A shim that runs and is connected.
package struct LaunchedShim: Sendable {
    /// Our child: whoever sees its end must reap it.
    package let pid: Int32
    /// Readable when it has ended.
    package let end: Descriptor
    /// The conversation with it.
    package let socket: Descriptor
}

/// Starts shims.
package struct ShimLauncher: Sendable {
    /// Path of `stoker-shim`.
    package let program: String
    /// Where the sockets are: `<directory>/<process>.sock`.
    package let directory: String

    /// Starts that program, with sockets in that directory.
    package init(program: String, directory: String) {
        self.program = program
        self.directory = directory
    }

    /// The shim's socket.
    package func socketPath(of process: String) -> String { "\(directory)/\(process).sock" }
    /// The shim's record of its child: `PID START-TIME BOOT-ID`.
    package func identityPath(of process: String) -> String { "\(directory)/\(process).child" }

    /// Starts a shim for a process. We bind its socket for it, so that there is no moment when it cannot be reached.
    ///
    /// - Parameter inherited: descriptors that become 3, 4 … of each child.
    package func launch(_ process: String, inherited: [Int32]) throws(SystemError) -> LaunchedShim {
        try makeDirectory()
        let path = socketPath(of: process)
        let listener = try PacketSocket.listen(at: path)
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let base = "\(directory)/\(process)"
        let pid = try Spawn.start(
            Spawn.Request(
                command: [program, process, "\(inherited.count)", base], environment: [],
                descriptors: [null.number, null.number, null.number] + inherited + [listener.number]))
        let end = clinux_pidfd_open(pid)
        guard end >= 0 else { throw SystemError("pidfd_open") }
        return LaunchedShim(
            pid: pid, end: Descriptor(owning: end), socket: try PacketSocket.connect(to: path))
    }

    /// Only this user may reach what speaks for its processes.
    package func makeDirectory() throws(SystemError) {
        for (index, byte) in zip(directory.utf8.indices, directory.utf8)
        where byte == UInt8(ascii: "/") && index > directory.startIndex {
            _ = mkdir(String(directory[..<index]), 0o755)
        }
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw SystemError(directory) }
    }
}
