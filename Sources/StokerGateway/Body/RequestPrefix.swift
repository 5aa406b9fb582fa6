package import NIOCore
import StokerCore
import StokerWire

/// The beginning of what a request says, as a key: those that begin alike find it in one engine's prefix cache.
package enum RequestPrefix {
    /// Whole messages are taken until so many bytes have come: a system prompt is worth a home, and a question behind a
    /// short one tells conversations apart.
    package static let wanted = 256
    /// A message or a prompt counts with so many bytes at most: nobody's cache is told apart by what comes later.
    package static let longest = 1024

    /// The key of a checked body; nil when it has neither messages nor a prompt.
    package static func key(_ body: ByteBuffer, _ envelope: RequestEnvelope) -> UInt64? {
        let bytes = body.readableBytesUInt8Span
        if let messages = envelope.messages, let key = key(ofMessages: messages, in: bytes) { return key }
        guard let prompt = envelope.prompt, prompt.count > 2 else { return nil }
        var hash = PrefixHash()
        hash.add(bytes, prompt.lowerBound..<min(prompt.upperBound, prompt.lowerBound &+ longest))
        return hash.value
    }

    private static func key(ofMessages list: Range<Int>, in bytes: borrowing Span<UInt8>) -> UInt64? {
        guard bytes[list.lowerBound] == ASCII.bracketOpen else { return nil }
        var hash = PrefixHash()
        var taken = 0
        var start = list.lowerBound &+ 1
        while taken < wanted {
            var scanner = JSONScanner(at: start)
            scanner.skipSpace(bytes)
            guard scanner.index < list.upperBound, bytes[scanner.index] != ASCII.bracketClose else { break }
            let end = end(ofMessageAt: scanner.index, within: list.upperBound, in: bytes)
            hash.add(bytes, scanner.index..<end)
            taken &+= end &- scanner.index
            guard taken < wanted else { break }
            scanner.index = end
            scanner.skipSpace(bytes)
            // The body was checked: what follows a message is a comma or the end.
            guard scanner.index < list.upperBound, bytes[scanner.index] == ASCII.comma else { break }
            start = scanner.index &+ 1
        }
        return taken > 0 ? hash.value : nil
    }

    /// Where a message ends, or as far as it counts. Looks no further than that.
    private static func end(ofMessageAt start: Int, within end: Int, in bytes: borrowing Span<UInt8>) -> Int {
        let limit = min(end, start &+ longest)
        var scanner = JSONScanner(at: start)
        do throws(JSONScanner.Fault) {
            try scanner.value(bytes.extracting(0..<limit))
            return scanner.index
        } catch {
            return limit
        }
    }
}
