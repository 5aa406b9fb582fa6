/// How ready a standby is kept.
package enum StandbyMode: String, Sendable, Codable, CaseIterable {
    /// It runs all the time, with its weights loaded.
    case warm
    /// It is started when nobody above it serves: recovery takes as long as it loads.
    case cold
}

/// A process as a standby, for `stoker status`.
package struct StandbyStatus: Sendable, Equatable, Codable {
    package var mode: StandbyMode
    /// Where it stands; nil: here.
    package var site: String?
    /// Since when clients are served by it, because nobody above it serves; nil while they are not.
    package var servingSince: Timestamp?
    /// Seconds that a cold one took to load last time: what its use will cost. nil: never seen.
    package var loadSeconds: Double?
    /// What it waits for, or why it is left alone, as a clause; nil when there is nothing to say.
    package var note: String?

    package init(
        mode: StandbyMode, site: String? = nil, servingSince: Timestamp? = nil, loadSeconds: Double? = nil,
        note: String? = nil
    ) {
        self.mode = mode
        self.site = site
        self.servingSince = servingSince
        self.loadSeconds = loadSeconds
        self.note = note
    }
}
