/// How much of a data set or a trace is read.
package struct FileLimits: Sendable, Equatable {
    /// Rows used; those after it are not even read.
    package var rows: Int
    /// Bytes of one line or one conversation.
    package var rowBytes: Int
    /// Bytes of all rows that are used, which stay in memory.
    package var totalBytes: Int

    package init(rows: Int = 1_000_000, rowBytes: Int = 16 << 20, totalBytes: Int = 2 << 30) {
        self.rows = rows
        self.rowBytes = rowBytes
        self.totalBytes = totalBytes
    }
}
