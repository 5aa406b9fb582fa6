import CLinux
import Glibc
package import StokerCore

/// The right to be the one control plane of a state directory: a lock on a file, which the kernel takes back however
/// the process ends, and in which the holder has written who it is.
package final class StateLock: Sendable {
    /// Why there is no lock.
    package enum Refusal: Error, Equatable, CustomStringConvertible {
        /// Another holds it; nil when it has not written down who it is.
        case held(path: String, by: ProcessIdentity?)
        case system(SystemError)

        /// One line with what is wrong.
        package var description: String {
            switch self {
            case .held(let path, let holder?): "\(path) is held by another control plane, pid \(holder.pid)"
            case .held(let path, nil): "\(path) is held by another control plane"
            case .system(let error): "\(error)"
            }
        }
    }

    private let file: Descriptor

    /// Takes the lock, or says who has it. It is held as long as this object lives.
    ///
    /// An OFD lock, not a POSIX one: that would be lost as soon as anything in this process opens and closes the file.
    package init(path: String) throws(Refusal) {
        do throws(SystemError) {
            file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        } catch {
            throw .system(error)
        }
        guard clinux_lock_file(file.number) == 0 else {
            let code = errno
            guard code == EAGAIN || code == EACCES else { throw .system(SystemError(path, code: code)) }
            throw .held(path: path, by: TextFile.read(path, most: 256).flatMap { ProcessIdentity(record: $0) })
        }
        let record = ProcessFacts.identity(of: getpid())?.record ?? ""
        guard ftruncate(file.number, 0) == 0, pwrite(file.number, record, record.utf8.count, 0) == record.utf8.count
        else { throw .system(SystemError(path)) }
    }
}
