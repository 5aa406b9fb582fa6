import Glibc
import Synchronization

/// The file of a unix socket: free to take, seen only when it is ready, gone when we are.
///
/// Who may give orders is decided by the file's mode, 0660: the kernel lets only the owner and the group connect (root
/// always). `SO_PEERCRED` would name the caller's primary group only, so a check of it would lock out the operators
/// whom the group lets in, or have to read the group database on each request.
struct SocketFile: Sendable {
    var path: String

    /// Where the socket is bound. It moves to `path` by `publish` when its mode is right and it is listening, so that
    /// no client ever meets it half made: `bind` itself gives it the mode of the umask.
    var provisionalPath: String { path + ".new" }

    /// Throws when a living server answers at `path`; a socket that a dead one left is no obstacle.
    func checkFree() throws(AdminServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw AdminServerError(address: path, reason: "there is a file in the way that is no socket")
        }
        if isAnswered { throw AdminServerError(address: path, reason: "another process is serving there") }
    }

    /// Gives the bound socket its mode and its name.
    func publish() throws(AdminServerError) {
        guard chmod(provisionalPath, 0o660) == 0, rename(provisionalPath, path) == 0 else {
            throw AdminServerError(address: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Takes the names away, unless another server has taken the place meanwhile.
    func remove() {
        unlink(provisionalPath)
        if !isAnswered { unlink(path) }
    }

    /// Whether a connection is accepted. Anything but a refusal counts as life: a full backlog is a busy server.
    private var isAnswered: Bool {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        return result == 0 || errno == EAGAIN || errno == EINPROGRESS
    }
}

/// Carries the failure of `publish` from the server's callback, which cannot throw, to `run`, which can.
final class Publication: Sendable {
    private let failure = Mutex<AdminServerError?>(nil)

    func fail(_ error: AdminServerError) { failure.withLock { $0 = error } }

    func check() throws(AdminServerError) {
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
