/// Why a run cannot start, or had to end: one line for the person who asked for it.
package struct LoadError: Error, Sendable, Equatable {
    package var message: String

    package init(_ message: String) { self.message = message }
}
