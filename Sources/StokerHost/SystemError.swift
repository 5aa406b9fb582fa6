import Glibc

/// A system call that failed: what was tried, and the error number.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What could not be done, with the object's name: `bind /run/stoker/shim/a.sock`.
    package var what: String
    /// `errno`.
    package var code: Int32

    /// The failure of what was tried just now.
    package init(_ what: String, code: Int32 = errno) {
        self.what = what
        self.code = code
    }

    /// One line: `bind /run/stoker/shim/a.sock: Permission denied`.
    package var description: String { "\(what): \(Self.words(code))" }

    /// The kernel's name for an error number, in English: `No such file or directory`.
    package static func words(_ code: Int32) -> String {
        // strerrordesc_np would be the same without the locale; the control plane never calls setlocale.
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
