/// What went wrong, in words for the person who asked.
package struct KnowledgeError: Error, Sendable, Equatable {
    package enum Code: String, Sendable {
        /// The request is wrong; trying again is useless.
        case badRequest = "bad-request"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case tooLarge = "too-large"
        /// Too many writes wait; try again.
        case overloaded
        /// The service is ending.
        case closing
        /// The database failed.
        case storage
        /// The database cannot be opened: another process has it, no rights, not a database.
        case cannotOpen = "cannot-open"
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
