import CLinux
import Glibc

/// A file descriptor that is closed when nobody holds it any more.
package final class Descriptor: Sendable {
    /// The number, valid as long as this object lives.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a file, closed on exec.
    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
        let number = clinux_open(path, flags, mode)
        guard number >= 0 else { throw SystemError(path) }
        return Descriptor(owning: number)
    }

    /// Makes calls on it return at once instead of waiting.
    package func setNonBlocking() throws(SystemError) {
        let flags = clinux_fcntl(number, F_GETFL, 0)
        guard flags >= 0, clinux_fcntl(number, F_SETFL, Int(flags | O_NONBLOCK)) >= 0 else {
            throw SystemError("fcntl")
        }
    }
}

/// Small files of text, read and written whole: those of `/proc`, and our own records.
package enum TextFile {
    /// The first `most` bytes of a file; nil when it cannot be read, or is not UTF-8.
    package static func read(_ path: String, most: Int = 64 << 10) -> String? {
        guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK) else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            while count < most {
                // Files of /proc come in pieces.
                let length = Glibc.read(file.number, buffer.baseAddress.map { $0 + count }, most - count)
                if length < 0, errno == EINTR { continue }
                guard length > 0 else { break }
                count += length
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
