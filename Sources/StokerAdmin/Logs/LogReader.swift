import Glibc

/// Reads the log of one process: its last lines, and then what is added, across rotations.
///
/// The log is `path`, its older part `path.1`; the shim moves the one to the other when it is full and begins anew. A
/// reader holds the file that it reads open, so a rotation takes nothing away from it.
package final class LogReader {
    private static let blockSize = 64 << 10

    private let path: String
    /// The file that is being read; -1 while there is none.
    private var descriptor: Int32 = -1

    /// Opens nothing yet; the file need not exist.
    package init(path: String) { self.path = path }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether anything was logged so far.
    package var exists: Bool { access(path, F_OK) == 0 || access(olderPath, F_OK) == 0 }

    private var olderPath: String { path + ".1" }

    // MARK: - The last lines

    /// Gives the last `count` lines, older part included, in pieces of at most 64 KiB; memory does not grow with them.
    ///
    /// A last line without an end counts as one. Afterwards, `readAdded` goes on from there.
    package func readLast(_ count: Int, _ take: (ArraySlice<UInt8>) -> Void) {
        let older = open(olderPath, O_RDONLY | O_CLOEXEC)
        defer { if older >= 0 { close(older) } }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        let (start, found) = descriptor < 0 ? (0, 0) : Self.start(ofLast: count, in: descriptor)
        if older >= 0, found < count {
            lseek(older, Self.start(ofLast: count - found, in: older).offset, SEEK_SET)
            Self.drain(older, take)
        }
        guard descriptor >= 0 else { return }
        lseek(descriptor, start, SEEK_SET)
        Self.drain(descriptor, take)
    }

    /// Where the last `count` lines of a file begin, and how many of them there are. Reads backwards, block by block.
    private static func start(ofLast count: Int, in descriptor: Int32) -> (offset: off_t, found: Int) {
        let size = lseek(descriptor, 0, SEEK_END)
        guard count > 0, size > 0 else { return (max(0, size), 0) }
        var block = [UInt8](repeating: 0, count: blockSize)
        var found = 0
        var end = size
        while end > 0 {
            let begin = max(0, end - off_t(blockSize))
            let length = pread(descriptor, &block, Int(end - begin), begin)
            guard length > 0 else { break }
            for index in stride(from: length - 1, through: 0, by: -1) where block[index] == UInt8(ascii: "\n") {
                // The end of the last line begins no other.
                guard begin + off_t(index) != size - 1 else { continue }
                found += 1
                if found == count { return (begin + off_t(index) + 1, found) }
            }
            end = begin
        }
        return (0, found + 1)
    }

    // MARK: - Following

    /// Gives what was added since the last call; call it again and again.
    package func readAdded(_ take: (ArraySlice<UInt8>) -> Void) {
        if descriptor < 0 { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { return }
        Self.drain(descriptor, take)
        rewindIfTruncated()
        guard let current = Self.identity(ofPath: path), let mine = Self.identity(of: descriptor), current != mine
        else {
            return
        }
        let next = open(path, O_RDONLY | O_CLOEXEC)
        guard next >= 0 else { return }
        // What came between the end that was seen and the rotation.
        Self.drain(descriptor, take)
        // Rotated twice meanwhile: a whole file lies between the one that was read and the current one.
        if let older = Self.identity(ofPath: olderPath), older != mine, older != current { readWhole(olderPath, take) }
        close(descriptor)
        descriptor = next
        Self.drain(descriptor, take)
    }

    /// An operator may have emptied the file in place (`> name.log`).
    private func rewindIfTruncated() {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size < lseek(descriptor, 0, SEEK_CUR) else { return }
        lseek(descriptor, 0, SEEK_SET)
    }

    private func readWhole(_ path: String, _ take: (ArraySlice<UInt8>) -> Void) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        Self.drain(file, take)
    }

    /// Reads to the present end.
    private static func drain(_ descriptor: Int32, _ take: (ArraySlice<UInt8>) -> Void) {
        var block = [UInt8](repeating: 0, count: blockSize)
        while true {
            let length = read(descriptor, &block, blockSize)
            guard length > 0 else { return }
            take(block[..<length])
        }
    }

    private struct Identity: Equatable {
        var device: dev_t
        var inode: ino_t
    }

    private static func identity(of descriptor: Int32) -> Identity? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Identity(device: status.st_dev, inode: status.st_ino) : nil
    }

    private static func identity(ofPath path: String) -> Identity? {
        var status = stat()
        return stat(path, &status) == 0 ? Identity(device: status.st_dev, inode: status.st_ino) : nil
    }
}
