import Glibc

/// Who listens on a TCP port of this machine: what a person needs to know when the port is taken.
package struct PortHolder: Sendable, Equatable, CustomStringConvertible {
    /// nil: its processes are not ours to look into.
    package var pid: Int32?
    /// The program's name as `ps` shows it.
    package var name: String?

    /// A holder, as far as it is known.
    package init(pid: Int32? = nil, name: String? = nil) {
        self.pid = pid
        self.name = name
    }

    /// `nginx (pid 812)`, or `another user's process`.
    package var description: String {
        guard let pid else { return "another user's process" }
        return "\(name ?? "a process") (pid \(pid))"
    }

    /// Finds the listener; nil when nobody listens.
    package static func of(port: UInt16) -> PortHolder? {
        let inodes = ["/proc/net/tcp", "/proc/net/tcp6"].reduce(into: Set<String>()) { inodes, path in
            inodes.formUnion(listeners(on: port, in: TextFile.read(path, most: 4 << 20) ?? ""))
        }
        guard !inodes.isEmpty else { return nil }
        guard let pid = process(holding: inodes) else { return PortHolder() }
        return PortHolder(pid: pid, name: ProcessFacts.name(of: pid))
    }

    /// Inodes of the sockets that listen on a port, from the text of `/proc/net/tcp`.
    package static func listeners(on port: UInt16, in table: String) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            // local address:port in hexadecimal, remote, state (0A: listening), …, the tenth is the inode.
            guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }

    private static func process(holding inodes: Set<String>) -> Int32? {
        let links = Set(inodes.map { "socket:[\($0)]" })
        return Directory.names("/proc").lazy.compactMap { Int32($0) }.first { pid in
            let folder = "/proc/\(pid)/fd"
            return Directory.names(folder).contains { links.contains(Directory.target(of: "\(folder)/\($0)") ?? "") }
        }
    }
}

/// What is in a directory.
package enum Directory {
    /// Names without `.` and `..`; empty when it cannot be read.
    package static func names(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let item = readdir(directory) {
            let name = withUnsafePointer(to: &item.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Where a symbolic link points; nil when it is none.
    package static func target(of path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let length = readlink(path, start, buffer.count - 1)
            guard length >= 0 else { return nil }
            start[length] = 0
            return String(cString: start)
        }
    }
}
