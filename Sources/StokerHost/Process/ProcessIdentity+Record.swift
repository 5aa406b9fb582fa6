package import StokerCore

extension ProcessIdentity {
    /// `PID START-TIME BOOT-ID`, as locks and shims write it down.
    package var record: String { "\(pid) \(startTime) \(bootID)\n" }

    /// Reads such a record; nil when it is damaged, or names no process that could be ours (0 and 1).
    package init?(record: String) {
        let words = record.split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard words.count == 3, let pid = Int32(words[0]), pid > 1, let startTime = UInt64(words[1]) else {
            return nil
        }
        self.init(pid: pid, startTime: startTime, bootID: String(words[2]))
    }

    /// Reads the record in a file, as a lock or a shim left it there; nil when there is none.
    package init?(recordedAt path: String) {
        guard let text = TextFile.read(path, most: 256) else { return nil }
        self.init(record: text)
    }
}
