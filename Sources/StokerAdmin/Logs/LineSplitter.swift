/// Cuts a stream of bytes into lines, whatever the pieces it comes in.
package struct LineSplitter: Sendable {
    /// A line that is longer is given in parts: a process may write a gigabyte without a line feed.
    package static let longest = 64 << 10

    private var pending: [UInt8] = []

    /// A splitter that has seen nothing.
    package init() {}

    /// The lines that are complete with these bytes, without their ends (LF or CR LF).
    package mutating func lines(adding bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            pending.append(contentsOf: rest[..<end])
            lines.append(takePending())
            rest = rest[(end + 1)...]
        }
        pending.append(contentsOf: rest)
        while pending.count > Self.longest {
            lines.append(Array(pending[..<Self.longest]))
            pending.removeFirst(Self.longest)
        }
        return lines
    }

    /// What is left without an end; nil when nothing is.
    package mutating func rest() -> [UInt8]? { pending.isEmpty ? nil : takePending() }

    private mutating func takePending() -> [UInt8] {
        defer { pending.removeAll(keepingCapacity: true) }
        return pending.last == UInt8(ascii: "\r") ? pending.dropLast() : pending
    }
}
