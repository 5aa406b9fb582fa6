import Glibc

/// One small file of sysfs, which may be missing, unreadable, or gone between two reads.
enum SysfsFile {
    /// What reading it gave.
    enum Answer: Equatable {
        case text(String)
        /// There is none, or the driver says that the card has no such value.
        case absent
        /// It is there and could not be read.
        case failed(String)
    }

    /// At most one page, which is what sysfs gives.
    private static let most = 4096

    /// Its text without the white space at both ends.
    static func read(_ path: String) -> Answer {
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
        } catch {
            return failure(error.code)
        }
        var length = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            length = Glibc.read(file.number, buffer.baseAddress, buffer.count)
            count = max(0, length)
        }
        guard length >= 0 else { return failure(errno) }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .failed("not text") }
        return .text(text.trimmed)
    }

    private static func failure(_ code: Int32) -> Answer {
        switch code {
        // amdgpu answers so for what a card does not have, and while it sleeps.
        case ENOENT, EOPNOTSUPP, ENODATA, ENOTDIR, EPERM: .absent
        default: .failed(SystemError.words(code))
        }
    }
}

extension String {
    /// Without spaces and line ends around it.
    fileprivate var trimmed: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\n" || $0 == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
