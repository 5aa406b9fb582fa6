import CLinux
import Glibc

/// Keeps files in the kernel's page cache, so that a process that loads them later need not wait for a disk.
///
/// It asks and does not read: the kernel fetches what is missing, and whatever needs the memory more takes it back. So
/// it is asked again every few minutes.
package enum ReadAhead {
    /// What was asked for.
    package struct Outcome: Sendable, Equatable {
        /// Bytes of the files that the kernel was asked to keep, those that it has already included.
        package var bytes: Int64 = 0
        /// Files that are not kept, or not to their end: they cannot be opened, or memory is too short.
        package var incomplete: [String] = []

        package init(bytes: Int64 = 0, incomplete: [String] = []) {
            self.bytes = bytes
            self.incomplete = incomplete
        }
    }

    /// One call asks for no more than this: the kernel cuts it to the device's read-ahead, by default 128 KiB
    /// (`force_page_cache_ra` in mm/readahead.c, Linux 6.1).
    private static let piece: Int64 = 128 << 10
    /// Files of one directory; a model has some hundred at most.
    private static let mostFiles = 1000

    /// Asks for files, and for what lies directly in directories, in this order until `most` bytes are reached.
    ///
    /// It blocks while the device's queue is full, or a mount hangs: call it on a thread of its own.
    package static func keep(_ paths: [String], most: Int64) -> Outcome {
        var outcome = Outcome()
        for path in paths.flatMap(files) {
            guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY), let size = size(of: file)
            else {
                outcome.incomplete.append(path)
                continue
            }
            let length = min(size, max(0, most - outcome.bytes))
            for start in stride(from: 0, to: length, by: Int64.Stride(piece)) {
                posix_fadvise(file.number, off_t(start), off_t(min(piece, length - start)), POSIX_FADV_WILLNEED)
            }
            outcome.bytes += length
            if length < size { outcome.incomplete.append(path) }
        }
        return outcome
    }

    /// Half of what is available: the page cache counts as available, so what is kept already does not lower it.
    ///
    /// - Parameter meminfo: The text of `/proc/meminfo`; 0 when it does not say.
    package static func budget(meminfo: String) -> Int64 {
        for line in meminfo.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count == 3, fields[2] == "kB", let count = Int64(fields[1]) else { return 0 }
            return count.multipliedReportingOverflow(by: 512).partialValue
        }
        return 0
    }

    /// nil for what is no regular file.
    private static func size(of file: Descriptor) -> Int64? {
        var facts = stat()
        guard fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(facts.st_size)
    }

    /// The path itself, or the files in it by name when it is a directory.
    private static func files(at path: String) -> [String] {
        guard let directory = opendir(path) else { return [path] }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < mostFiles, let entry = readdir(directory) {
            let isFile = entry.pointee.d_type != UInt8(DT_DIR)
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if isFile { names.append(name) }
        }
        return names.sorted().map { "\(path)/\($0)" }
    }
}
