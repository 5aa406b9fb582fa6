import CLinux
import Glibc
import ShimProtocol

/// The file that keeps a child's output: bounded, with one older part, and never waited for longer than a write takes.
struct LogFile {
    /// What became of the bytes that were due.
    enum Taken {
        case moved(Int)
        case empty
        /// Nothing more can be kept; `lost` bytes had left the pipe already.
        case failed(error: Int32, lost: Int)
    }

    private let path: String
    private let olderPath: String
    /// Bound of one of the two files.
    private let limit: UInt64
    private var descriptor: Int32 = -1
    private var size: UInt64 = 0
    /// A device (`/dev/null`) takes everything and must never be renamed.
    private var isRegular = true
    /// Not every file system can splice: then bytes take the way through `buffer`.
    private var canSplice = true
    private let buffer: UnsafeMutableRawBuffer

    init(_ order: LogOrder, buffer: UnsafeMutableRawBuffer) {
        path = order.path
        olderPath = order.path + ".1"
        limit = max(order.maximumBytes / 2, 4096)
        self.buffer = buffer
    }

    func isFor(_ order: LogOrder) -> Bool { path == order.path && limit == max(order.maximumBytes / 2, 4096) }

    mutating func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Takes up what others did to the file meanwhile: somebody emptied it (`: > log`) or removed it.
    mutating func notice() {
        guard descriptor >= 0 else { return }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_nlink > 0 else { return close() }
        if isRegular, UInt64(clamping: status.st_size) != size {
            size = UInt64(clamping: lseek(descriptor, 0, SEEK_END))
        }
    }

    /// Moves what is in the pipe, at most `most` bytes, into the file.
    mutating func take(from pipe: Int32, most: Int) -> Taken {
        if descriptor < 0, let error = open() { return .failed(error: error, lost: 0) }
        if isRegular, size >= limit, let error = rotate() { return .failed(error: error, lost: 0) }
        let room = isRegular ? Int(clamping: limit - size) : most
        let wanted = min(room, most)
        return canSplice ? splice(from: pipe, wanted) : copy(from: pipe, wanted)
    }

    private mutating func splice(from pipe: Int32, _ wanted: Int) -> Taken {
        let moved = uninterrupted { clinux_splice(pipe, descriptor, wanted) }
        if moved > 0 {
            size += UInt64(moved)
            return .moved(moved)
        }
        if moved == 0 || errno == EAGAIN { return .empty }
        guard errno == EINVAL else { return .failed(error: errno, lost: 0) }
        canSplice = false
        return copy(from: pipe, wanted)
    }

    private mutating func copy(from pipe: Int32, _ wanted: Int) -> Taken {
        let count = uninterrupted { read(pipe, buffer.start, min(wanted, buffer.count)) }
        guard count > 0 else { return .empty }
        var written = 0
        while written < count {
            let result = uninterrupted { write(descriptor, buffer.start + written, count - written) }
            guard result > 0 else { return .failed(error: errno, lost: count - written) }
            written += result
            size += UInt64(result)
        }
        return .moved(count)
    }

    /// Returns the error number, nil when the file is open. Not O_APPEND: splice refuses such a file.
    private mutating func open() -> Int32? {
        let flags = O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK
        descriptor = clinux_open(path, flags, 0o640)
        if descriptor < 0, errno == ENOENT {
            makeParentDirectories()
            descriptor = clinux_open(path, flags, 0o640)
        }
        guard descriptor >= 0 else { return errno }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return errno }
        isRegular = clinux_is_regular_file(status.st_mode) != 0
        if isRegular, status.st_size == 0 { _ = fchmod(descriptor, 0o640) }
        size = isRegular ? UInt64(clamping: lseek(descriptor, 0, SEEK_END)) : 0
        canSplice = true
        return nil
    }

    private func makeParentDirectories() {
        for (index, byte) in zip(path.utf8.indices, path.utf8)
        where byte == UInt8(ascii: "/") && index > path.startIndex {
            _ = mkdir(String(path[..<index]), 0o750)
        }
    }

    /// The full file becomes the older one. If that cannot be, it is emptied: the bound holds in any case.
    private mutating func rotate() -> Int32? {
        if rename(path, olderPath) == 0 {
            close()
            return open()
        }
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return errno }
        size = 0
        return nil
    }
}

/// Memory that is allocated once, at the start of the shim.
struct UnsafeMutableRawBuffer {
    let start: UnsafeMutableRawPointer
    let count: Int

    init(count: Int) {
        start = .allocate(byteCount: count, alignment: 16)
        self.count = count
    }
}
