/// Finds stop texts that begin in what was sent before a seam and end in what follows it; an engine sees only its own
/// part. Those that lie on one side are the engine's business.
///
/// One case is beyond reach: a text that overlaps itself (`#a#` in `#a#a#`), of which the engine finds and withholds
/// the second place while the first began before the seam. The client then gets the piece between the two.
struct StopSearch: Sendable, Equatable {
    enum Finding: Sendable, Equatable {
        /// No stop text can reach over the seam any more.
        case over
        /// What has come may be part of one.
        case open
        /// One is whole; this much of all that has followed the seam belongs to it.
        case found(length: Int)
    }

    private let stops: [[UInt8]]
    /// The end of what was sent, then what has followed.
    private var text: [UInt8]
    private let seam: Int

    init(_ stops: [String], after words: String) {
        self.stops = stops.map { Array($0.utf8) }
        let reach = self.stops.map(\.count).max() ?? 0
        text = Array(words.utf8.suffix(max(0, reach - 1)))
        seam = text.count
    }

    /// Takes the next piece of text.
    mutating func take(_ piece: String) -> Finding {
        text.append(contentsOf: piece.utf8)
        var isOpen = false
        for start in 0..<seam {
            for stop in stops {
                let reach = min(stop.count, text.count - start)
                guard text[start..<start + reach].elementsEqual(stop[..<reach]) else { continue }
                if reach < stop.count {
                    isOpen = true
                } else if start + reach > seam {
                    return .found(length: start + reach - seam)
                }
            }
        }
        return isOpen ? .open : .over
    }

    /// What has followed the seam, up to the end of the stop text that was found.
    func followed(_ length: Int) -> String { String(decoding: text[seam..<seam + length], as: UTF8.self) }
}
