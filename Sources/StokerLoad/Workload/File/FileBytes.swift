#if canImport(Glibc)
    import Glibc
#endif

/// The bytes of a file, a stretch at a time: of a large file no more is read than what is used.
final class FileBytes {
    private let descriptor: Int32
    private let name: String
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var position = 0
    private var end = 0

    /// - Throws: with the system's words when the file cannot be opened.
    init(path: String) throws(LoadError) {
        name = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LoadError("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The next byte; nil at the end.
    func next() throws(LoadError) -> UInt8? {
        if position == end {
            try fill()
            guard end > 0 else { return nil }
        }
        position += 1
        return buffer[position - 1]
    }

    private func fill() throws(LoadError) {
        position = 0
        end = 0
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LoadError("\(name): \(String(cString: strerror(errno)))") }
            end = count
            return
        }
    }
}
