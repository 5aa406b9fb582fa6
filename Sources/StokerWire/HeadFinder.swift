/// Finds where a head ends while its bytes trickle in; each byte is looked at once.
package struct HeadFinder: Sendable {
    private var scanned = 0
    private var lineStart = 0

    package init() {}

    /// Looks at the bytes that are new since the last call.
    ///
    /// - Parameter bytes: everything since the head's first byte.
    /// - Returns: the length of the head with its empty line, nil while it is incomplete.
    package mutating func end(in bytes: borrowing Span<UInt8>, limit: Int) throws(WireFault) -> Int? {
        let end = min(bytes.count, limit)
        while let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: scanned, to: end) {
            scanned = lineFeed &+ 1
            guard lineFeed > lineStart, bytes[lineFeed &- 1] == ASCII.carriageReturn else { throw .bareLineFeed }
            if lineFeed &- 1 == lineStart { return scanned }
            lineStart = scanned
        }
        scanned = end
        if bytes.count >= limit { throw .headTooLarge }
        return nil
    }
}
