package import StokerCore
import Synchronization

/// A way to read GPUs that may block for minutes: a library over a driver, or files of a driver.
///
/// Made and asked on one thread of its own only, so it needs no lock.
package protocol GPUSource: AnyObject {
    /// Reads all cards that it knows.
    ///
    /// - Throws: `GPUSourceFailure` when nothing could be read at all. One card or value that fails is in the reading.
    func read() throws(GPUSourceFailure) -> [GPUReading]

    /// No more questions come: gives back what it holds.
    func end()
}

/// Why a source could not answer, in a sentence without its period.
package struct GPUSourceFailure: Error, Equatable {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// Which call a source is in, for whoever asks why it does not answer.
final class GPUCallLog: Sendable {
    private struct Entry {
        var name: String
        var card: String?
    }

    private let current = Mutex<Entry?>(nil)

    /// A call begins.
    func enter(_ name: String, card: String?) { current.withLock { $0 = Entry(name: name, card: card) } }

    /// It is over.
    func leave() { current.withLock { $0 = nil } }

    /// `nvmlDeviceGetName of GPU 3`; nil between calls.
    var text: String? {
        current.withLock { entry in
            entry.map { entry in entry.name + (entry.card.map { " of \($0)" } ?? "") }
        }
    }
}
