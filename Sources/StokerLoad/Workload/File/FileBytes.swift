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

    /// Why `take` stopped.
    enum Stop: Equatable {
        /// At a byte that was not wanted; it is taken from the file all the same.
        case byte(UInt8)
        case end
        /// There were more wanted bytes than may be.
        case full
    }

    /// Appends bytes as long as they are wanted, until `bytes` holds `limit`.
    func take(
        into bytes: inout [UInt8], limit: Int = .max, while isWanted: (UInt8) -> Bool
    ) throws(LoadError) -> Stop {
        while true {
            if position == end {
                try fill()
                guard end > 0 else { return .end }
            }
            let stop = buffer[position..<end].firstIndex { !isWanted($0) } ?? end
            guard bytes.count + (stop - position) <= limit else { return .full }
            buffer.withUnsafeBufferPointer {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[position..<stop]))
            }
            position = min(stop + 1, end)
            if stop < end { return .byte(buffer[stop]) }
        }
    }

    /// Skips bytes as long as they are not wanted; returns the first that is, nil at the end.
    func first(where isWanted: (UInt8) -> Bool) throws(LoadError) -> UInt8? {
        while true {
            if position == end {
                try fill()
                guard end > 0 else { return nil }
            }
            let place = buffer[position..<end].firstIndex(where: isWanted) ?? end
            position = min(place + 1, end)
            if place < end { return buffer[place] }
        }
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
