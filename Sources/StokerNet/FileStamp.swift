import Glibc

/// What tells that a file is no longer the one that was read: another inode, size or time. Links are followed, as
/// certbot and Kubernetes renew certificates by turning a link.
package struct FileStamp: Sendable, Equatable {
    private var device: UInt64
    private var inode: UInt64
    private var size: Int64
    /// Of the content and of everything, mode included: whole seconds and nanoseconds.
    private var times: [Int]

    /// Looks at the file; nil when there is none to be seen.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        times = [status.st_mtim, status.st_ctim].flatMap { [$0.tv_sec, $0.tv_nsec] }
    }
}
