internal import StokerWire

/// Cuts a file into rows: its lines, or when it begins with `[`, the elements of that JSON array.
struct RowReader {
    /// One row and where it begins.
    struct Row {
        /// From 1.
        var line: Int
        var bytes: [UInt8]
    }

    private enum Form {
        case unknown, lines, array, ended
    }

    let path: String
    private let limits: FileLimits
    private let file: FileBytes
    private let mayBeArray: Bool
    private var form = Form.unknown
    /// Of the byte that comes next, from 1.
    private var line = 1
    private var total = 0
    private var rows = 0

    /// - Parameter mayBeArray: whether `[` at the beginning opens an array of rows.
    init(path: String, limits: FileLimits, mayBeArray: Bool = false) throws(LoadError) {
        self.path = path
        self.limits = limits
        self.mayBeArray = mayBeArray
        file = try FileBytes(path: path)
    }

    /// The next row that is not blank; nil at the end of the file or of the rows that may be used.
    mutating func next() throws(LoadError) -> Row? {
        guard rows < limits.rows else { return nil }
        guard let row = try form == .unknown ? first() : form == .array ? element() : wholeLine() else { return nil }
        rows += 1
        total += row.bytes.count
        guard total <= limits.totalBytes else {
            throw fault(row.line, "more than \(limits.totalBytes >> 20) MiB of rows; use fewer of them")
        }
        return row
    }

    /// The first row where it names columns, which is no row to be used.
    mutating func header() throws(LoadError) -> Row? {
        let row = try next()
        rows = 0
        return row
    }

    /// A complaint about a place in the file.
    func fault(_ line: Int, _ text: String) -> LoadError { LoadError("\(path):\(line): \(text)") }

    private mutating func first() throws(LoadError) -> Row? {
        // A byte order mark is three bytes that some editors put first.
        guard let byte = try byteAfterSpace(alsoSkipping: [0xEF, 0xBB, 0xBF]) else { return nil }
        if mayBeArray, byte == ASCII.bracketOpen {
            form = .array
            return try element()
        }
        form = .lines
        return try wholeLine(after: byte)
    }

    private mutating func wholeLine(after first: UInt8? = nil) throws(LoadError) -> Row? {
        var first = first
        if first == nil { first = try byteAfterSpace() }
        guard let first else { return nil }
        let start = line
        var bytes = [first]
        let stop = try file.take(into: &bytes, limit: limits.rowBytes) { $0 != ASCII.lineFeed }
        if stop == .full { throw tooLong(start) }
        line += 1
        if bytes.last == ASCII.carriageReturn { bytes.removeLast() }
        return Row(line: start, bytes: bytes)
    }

    /// The next element of the array: up to the comma or bracket that is outside of it.
    private mutating func element() throws(LoadError) -> Row? {
        guard let first = try byteAfterSpace(alsoSkipping: [ASCII.comma]) else {
            throw fault(line, "the file ends within its array; expected ]")
        }
        guard first != ASCII.bracketClose else {
            form = .ended
            return nil
        }
        let start = line
        var bytes = [first]
        var nesting = Nesting()
        nesting.take(first)
        var lines = 0
        let stop = try file.take(into: &bytes, limit: limits.rowBytes) { byte in
            if nesting.isOutside, byte == ASCII.comma || byte == ASCII.bracketClose { return false }
            if byte == ASCII.lineFeed { lines += 1 }
            nesting.take(byte)
            return true
        }
        line += lines
        switch stop {
        case .full: throw tooLong(start)
        case .end: throw fault(line, "the file ends within the element that begins on line \(start)")
        case .byte(let byte): if byte == ASCII.bracketClose { form = .ended }
        }
        return Row(line: start, bytes: bytes)
    }

    private func tooLong(_ start: Int) -> LoadError {
        fault(start, "one row of more than \(limits.rowBytes) bytes; is this the right file?")
    }

    private mutating func byteAfterSpace(alsoSkipping others: [UInt8] = []) throws(LoadError) -> UInt8? {
        guard form != .ended else { return nil }
        var lines = 0
        let byte = try file.first { byte in
            if byte == ASCII.lineFeed { lines += 1 }
            return byte > ASCII.space && !others.contains(byte)
        }
        line += lines
        return byte
    }
}

/// How deep in JSON a byte stands, and whether in a string.
private struct Nesting {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    var isOutside: Bool { depth == 0 && !isInString }

    mutating func take(_ byte: UInt8) {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == ASCII.backslash {
                isEscaped = true
            } else if byte == ASCII.quote {
                isInString = false
            }
            return
        }
        switch byte {
        case ASCII.quote: isInString = true
        case ASCII.braceOpen, ASCII.bracketOpen: depth += 1
        case ASCII.braceClose, ASCII.bracketClose: depth -= 1
        default: break
        }
    }
}
