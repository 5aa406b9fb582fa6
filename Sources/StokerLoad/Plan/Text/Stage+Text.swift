internal import StokerCore

extension Stage {
    /// Users or requests a second beyond which a level is a slip of the finger.
    package static let highestLevel = 10_000_000.0

    /// Reads `30s:100`: over 30 s to the level 100. `0s:100` jumps there.
    package init(text: String, flag: String) throws(LoadError) {
        let typed = Typed(flag: flag, text: text)
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let duration = Duration(text: parts[0]), let level = Double(plain: parts[1]) else {
            throw typed.refused("is no stage (how long, and the level at its end)", try: "30s:100")
        }
        guard level <= Self.highestLevel else {
            throw typed.refused("goes beyond \(Int(Self.highestLevel))", try: "30s:100")
        }
        self.init(duration: duration.nanoseconds, level: level)
    }

    /// `level` at once and for ever, or reached at `perSecond` a second: `--users 2000 --spawn-rate 50`.
    package static func ramp(to level: Double, perSecond: Double?) -> [Stage] {
        guard let perSecond, perSecond > 0 else { return [Stage(duration: 0, level: level)] }
        let duration = (level / perSecond * 1e9).rounded()
        return [Stage(duration: Nanoseconds(exactly: duration) ?? .max / 2, level: level)]
    }
}
