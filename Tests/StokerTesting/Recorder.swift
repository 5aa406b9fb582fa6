import Synchronization

/// A list of words that several tasks write.
package final class Recorder: Sendable {
    private let words = Mutex<[String]>([])

    package init() {}

    package var all: [String] { words.withLock { $0 } }

    package func add(_ word: String) { words.withLock { $0.append(word) } }
}
