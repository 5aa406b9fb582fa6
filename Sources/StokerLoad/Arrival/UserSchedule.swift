/// Which users exist when. User `n` is there while the level is above `n`: a ramp up spawns them evenly, and on a ramp
/// down those who came last leave first.
package struct UserSchedule: Sendable, Equatable {
    /// Beyond it a level is a mistake.
    package static let mostUsers = 1_000_000

    /// One user's stay; after a ramp down and up again the same user comes a second time.
    package struct Stay: Sendable, Equatable {
        /// Number in the whole plan, from 0.
        package var user: Int
        package var start: Nanoseconds
        /// When it sends no more; nil: with the run.
        package var end: Nanoseconds?

        package init(user: Int, start: Nanoseconds, end: Nanoseconds? = nil) {
            self.user = user
            self.start = start
            self.end = end
        }
    }

    /// This loop's, by their start.
    package let stays: [Stay]

    package init(_ arrival: UserArrival, shard: Shard = Shard(), loop: Int = 0, loops: Int = 1) {
        let lane = Lane(shard: shard, loop: loop, loops: loops)
        let curve = StageCurve(arrival.stages)
        let count = Int(min(Double(Self.mostUsers), curve.highest.rounded(.up)))
        var stays: [Stay] = []
        for user in stride(from: lane.first, to: count, by: lane.stride) {
            Self.addStays(of: user, curve, to: &stays)
        }
        self.stays = stays.sorted { ($0.start, $0.user) < ($1.start, $1.user) }
    }

    private static func addStays(of user: Int, _ curve: StageCurve, to stays: inout [Stay]) {
        let level = Double(user)
        var start: Double?
        func leave(at end: Double) {
            guard let came = start else { return }
            start = nil
            let stay = Stay(user: user, start: nanoseconds(came), end: nanoseconds(end))
            if stay.start != stay.end { stays.append(stay) }
        }
        for piece in curve.pieces {
            // Where one piece does not begin at the level that the one before ended with, there is a jump.
            if piece.from > level { start = start ?? piece.start } else { leave(at: piece.start) }
            let share = (level - piece.from) / (piece.to - piece.from)
            if piece.from <= level, piece.to > level { start = piece.start + share * piece.length }
            if piece.from > level, piece.to <= level { leave(at: piece.start + share * piece.length) }
        }
        if let came = start { stays.append(Stay(user: user, start: nanoseconds(came))) }
    }

    private static func nanoseconds(_ time: Double) -> Nanoseconds { Nanoseconds(exactly: time.rounded()) ?? .max }
}
