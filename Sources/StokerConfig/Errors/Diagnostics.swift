/// Collects the errors of one reading, so that a person sees all of them at once.
///
/// A class, because every section reader of the same file adds to the same list; it never leaves the reading thread.
final class Diagnostics {
    private(set) var errors: [ConfigError] = []

    func report(_ code: ConfigError.Code, _ message: String, at place: Place?, hint: String) {
        let error = ConfigError(place: place, code: code, message: message, hint: hint)
        // An alias is the node of its anchor once more, with the same place.
        if errors.last != error { errors.append(error) }
    }

    /// The errors by place; two at the same place stay in the order in which they were found.
    var inFileOrder: [ConfigError] {
        let whole = Place(line: 0, column: 0)
        return errors.enumerated()
            .sorted { ($0.element.place ?? whole, $0.offset) < ($1.element.place ?? whole, $1.offset) }
            .map(\.element)
    }
}
