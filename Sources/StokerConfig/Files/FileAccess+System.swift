import Glibc

extension FileAccess {
    /// The real file system.
    package static let system = FileAccess(
        workingDirectory: {
            guard let buffer = getcwd(nil, 0) else { return "/" }
            defer { free(buffer) }
            return String(cString: buffer)
        },
        read: { path, limit in
            // O_NONBLOCK: opening a FIFO that nobody writes to must not hang the daemon.
            let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard file >= 0 else { return .failure(.system(String(cString: strerror(errno)))) }
            defer { close(file) }
            return readOpened(file, limit: limit)
        })

    /// Checks the opened file itself, not its path again: between the two somebody could exchange it.
    private static func readOpened(_ file: Int32, limit: Int) -> Result<FileContents, FileProblem> {
        var status = stat()
        guard fstat(file, &status) == 0 else { return .failure(.system(String(cString: strerror(errno)))) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .failure(.notRegular) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return .failure(.system(String(cString: strerror(errno)))) }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { return .failure(.tooLarge) }
        }
        return .success(FileContents(bytes: bytes, mode: UInt32(status.st_mode) & 0o7777))
    }
}
