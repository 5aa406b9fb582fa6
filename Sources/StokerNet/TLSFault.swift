/// Why TLS cannot be had: one line.
package struct TLSFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file that is to blame; nil when none is.
    package var file: String?
    /// A clause that may follow the file's name and a colon.
    package var reason: String

    init(file: String? = nil, _ reason: String) {
        self.file = file
        self.reason = reason
    }

    package var description: String { file.map { "\($0): \(reason)" } ?? reason }
}
