/// A level over time, made of straight lines: requests a second, or users.
package struct StageCurve: Sendable, Equatable {
    /// One straight line. Times in nanoseconds; as `Double` they are exact for a hundred days.
    struct Piece: Sendable, Equatable {
        var start: Double
        /// Infinite for the last.
        var length: Double
        var from: Double
        var to: Double
        /// The integral over all pieces before, in level times seconds.
        var before: Double
    }

    let pieces: [Piece]

    /// Each stage leads from the level before it, at first 0, to its own; the last level holds for ever. Levels that
    /// are negative or no numbers are 0.
    package init(_ stages: [Stage]) {
        var pieces: [Piece] = []
        var time = 0.0
        var level = 0.0
        var before = 0.0
        for stage in stages {
            let to = stage.level.isFinite ? max(0, stage.level) : 0
            if stage.duration > 0 {
                let piece = Piece(start: time, length: Double(stage.duration), from: level, to: to, before: before)
                pieces.append(piece)
                time += piece.length
                before += piece.area
            }
            level = to
        }
        pieces.append(Piece(start: time, length: .infinity, from: level, to: level, before: before))
        self.pieces = pieces
    }

    /// The highest level it ever has.
    package var highest: Double { pieces.reduce(0) { max($0, $1.from, $1.to) } }

    /// The level at a time; at a jump, the one after it.
    package func level(at time: Nanoseconds) -> Double {
        let time = Double(max(0, time))
        guard let piece = pieces.last(where: { $0.start <= time }) else { return 0 }
        return piece.level(at: time - piece.start)
    }

    /// The integral from 0 to a time, in level times seconds: of a rate, how many requests the plan wants until then.
    package func integral(to time: Nanoseconds) -> Double {
        let time = Double(max(0, time))
        guard let piece = pieces.last(where: { $0.start <= time }) else { return 0 }
        let offset = time - piece.start
        return piece.before + (piece.from + piece.level(at: offset)) / 2 * offset / 1e9
    }
}

extension StageCurve.Piece {
    /// Its own integral, in level times seconds.
    var area: Double { from + to == 0 ? 0 : (from + to) / 2 * length / 1e9 }

    func level(at offset: Double) -> Double { from == to ? from : from + (to - from) * offset / length }

    /// After how many nanoseconds of this piece its integral is `area`; nil when it does not get so far.
    func offset(reaching area: Double) -> Double? {
        guard from + to > 0, area <= self.area else { return nil }
        let slope = from == to ? 0 : (to - from) / (length / 1e9)
        // The usual root of the quadratic loses all digits when the slope is small; this form of it does not.
        let seconds = 2 * area / (from + max(0, from * from + 2 * slope * area).squareRoot())
        return min(max(0, seconds) * 1e9, length)
    }
}
