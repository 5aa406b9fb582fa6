import Glibc

/// Keeps a second writer away from a database, for the life of this object.
///
/// SQLite would let two processes write in turn, but SQLite 3.7 to 3.51.2 (Debian 12 has 3.40.1) may corrupt the
/// database when two connections write or checkpoint at once: <https://www.sqlite.org/wal.html#walresetbug>.
package final class DatabaseLock: Sendable {
    private let descriptor: Int32

    /// Locks `database` by a file beside it, which is created if need be and never removed.
    ///
    /// The kernel frees the lock when this process ends, however it ends.
    package init(database: String) throws(KnowledgeError) {
        let path = database + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw KnowledgeError(.cannotOpen, "cannot create \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.holder(descriptor)
            close(descriptor)
            let message = "\(database) is held by another `stoker knowledge`\(holder): stop it first"
            throw KnowledgeError(.cannotOpen, message)
        }
        self.descriptor = descriptor
        recordHolder()
    }

    deinit { close(descriptor) }

    /// Writes our pid into the file, for the message of whoever comes second. Failing to is no reason not to start.
    private func recordHolder() {
        let text = "\(getpid())\n"
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.utf8.count, 0)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let digits = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)
        return digits.isEmpty ? "" : " (pid \(digits))"
    }
}
