package import StokerCore

/// The bounds of the service; what lies beyond one is refused with words, never cut silently.
package struct KnowledgeLimits: Sendable, Equatable {
    /// Largest request body; more is a 413.
    package var maxBody: ByteSize
    /// Most documents in one request.
    package var maxDocuments: Int
    /// Longest content of one document, in bytes. A search returns up to `maxResults` of them whole.
    package var maxContent: ByteSize
    /// All tags of one document together, in bytes.
    package var maxTags: ByteSize
    /// Longest query, in characters.
    package var maxQuery: Int
    /// Most results of one search.
    package var maxResults: Int
    /// Writes that wait for the disk; more are a 503.
    package var maxQueuedWrites: Int
    /// The same in bytes.
    package var maxQueuedBytes: ByteSize
    /// Most client connections at once; more wait in the kernel's backlog.
    package var maxConnections: Int

    package init(
        maxBody: ByteSize = .mebibytes(16), maxDocuments: Int = 1000, maxContent: ByteSize = .kibibytes(256),
        maxTags: ByteSize = .kibibytes(4), maxQuery: Int = 1024, maxResults: Int = 100, maxQueuedWrites: Int = 4096,
        maxQueuedBytes: ByteSize = .mebibytes(64), maxConnections: Int = 1024
    ) {
        self.maxBody = maxBody
        self.maxDocuments = maxDocuments
        self.maxContent = maxContent
        self.maxTags = maxTags
        self.maxQuery = maxQuery
        self.maxResults = maxResults
        self.maxQueuedWrites = maxQueuedWrites
        self.maxQueuedBytes = maxQueuedBytes
        self.maxConnections = maxConnections
    }
}
