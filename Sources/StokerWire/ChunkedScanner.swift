/// Follows the chunked coding byte by byte (RFC 9112 section 7.1) without copying: it says which bytes are data.
package struct ChunkedScanner: Sendable, Equatable {
    /// Of one chunk extension; real ones are rare and short.
    private static let maxExtension = 256
    /// Of all trailer lines together.
    private static let maxTrailer = 8192
    /// Of extensions that no data has paid for; without it each byte of a body could cost 256 of extension.
    private static let maxDebt = 16 << 10
    /// What a chunk's extension may have whatever the chunk's size.
    private static let freeExtension = 16

    private enum State: Equatable {
        case size(digits: Int)
        case chunkExtension(length: Int)
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case lastLineFeed
        case done
    }

    private var state = State.size(digits: 0)
    private var size = 0
    private var trailerLength = 0
    /// Bytes of extensions that no data has paid for yet.
    private var debt = 0

    package init() {}

    /// Whether the last chunk and the trailers are through.
    package var isDone: Bool { state == .done }

    /// Takes the bytes from `start` on, and calls `data` for each stretch that is body.
    ///
    /// - Returns: where it stopped: the end of `bytes`, or just after the message.
    package mutating func scan(
        _ bytes: borrowing Span<UInt8>, from start: Int, data: (Range<Int>) -> Void
    ) throws(WireFault) -> Int {
        var index = start
        while let stretch = try next(bytes, at: &index) { data(stretch) }
        return index
    }

    /// The next stretch of body in the bytes from `index` on, which moves past it; nil where they or the message end.
    package mutating func next(
        _ bytes: borrowing Span<UInt8>, at index: inout Int
    ) throws(WireFault) -> Range<Int>? {
        while index < bytes.count, state != .done {
            guard state == .data else {
                try step(bytes[index])
                index &+= 1
                continue
            }
            let start = index
            index &+= min(size, bytes.count &- start)
            size &-= index &- start
            if size == 0 { state = .dataReturn }
            return start..<index
        }
        return nil
    }

    private mutating func step(_ byte: UInt8) throws(WireFault) {
        switch state {
        case .size(let digits): try sizeByte(byte, digits: digits)
        case .chunkExtension(let length): try extensionByte(byte, length: length)
        case .sizeLineFeed:
            guard byte == ASCII.lineFeed else { throw .badLineEnd }
            try payExtension()
            state = size == 0 ? .trailerStart : .data
        case .dataReturn:
            guard byte == ASCII.carriageReturn else { throw .chunkEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == ASCII.lineFeed else { throw .chunkEnd }
            state = .size(digits: 0)
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed: try trailerByte(byte)
        case .data, .done: break
        }
    }

    /// Up to 12 digits: no sum of them overflows, and nobody sends a chunk of 256 TiB.
    private mutating func sizeByte(_ byte: UInt8, digits: Int) throws(WireFault) {
        if let value = ASCII.hexValue(byte) {
            guard digits < 12 else { throw .chunkSize }
            size = (digits == 0 ? 0 : size) << 4 | Int(value)
            state = .size(digits: digits + 1)
        } else if digits > 0, byte == ASCII.carriageReturn {
            state = .sizeLineFeed
        } else if digits > 0, byte == ASCII.semicolon {
            state = .chunkExtension(length: 0)
        } else {
            throw .chunkSize
        }
    }

    /// A byte of data pays for two of extension, as in Go's `net/http` since CVE-2023-39326.
    private mutating func payExtension() throws(WireFault) {
        debt = max(0, debt &- Self.freeExtension &- 2 &* min(size, Self.maxDebt))
        guard debt <= Self.maxDebt else { throw .chunkOverhead }
    }

    private mutating func extensionByte(_ byte: UInt8, length: Int) throws(WireFault) {
        if byte == ASCII.carriageReturn, length > 0 {
            state = .sizeLineFeed
        } else {
            guard length < Self.maxExtension, ASCII.isFieldValue(byte) else { throw .chunkExtension }
            state = .chunkExtension(length: length + 1)
            debt &+= 1
        }
    }

    private mutating func trailerByte(_ byte: UInt8) throws(WireFault) {
        trailerLength += 1
        guard trailerLength <= Self.maxTrailer else { throw .trailer }
        switch state {
        case .trailerStart where byte == ASCII.carriageReturn: state = .lastLineFeed
        case .trailerStart where ASCII.token.contains(byte): state = .trailerName
        case .trailerName where byte == ASCII.colon: state = .trailerValue
        case .trailerName where ASCII.token.contains(byte): break
        case .trailerValue where byte == ASCII.carriageReturn: state = .trailerLineFeed
        case .trailerValue where ASCII.isFieldValue(byte): break
        case .trailerLineFeed where byte == ASCII.lineFeed: state = .trailerStart
        case .lastLineFeed where byte == ASCII.lineFeed: state = .done
        default: throw .trailer
        }
    }
}

/// Follows a body to its end, whatever its framing.
package struct BodyScanner: Sendable {
    private enum State {
        case counting(Int)
        case chunked(ChunkedScanner)
        case endless
    }

    private var state: State

    package init(_ framing: BodyFraming) {
        state =
            switch framing {
            case .none: .counting(0)
            case .length(let length): .counting(length)
            case .chunked: .chunked(ChunkedScanner())
            case .untilClose: .endless
            }
    }

    /// Whether the whole body has been seen; never true for a body that ends with the connection.
    package var isDone: Bool {
        switch state {
        case .counting(let rest): rest == 0
        case .chunked(let scanner): scanner.isDone
        case .endless: false
        }
    }

    /// Whether the end of the connection is the regular end of the body.
    package var endsWithConnection: Bool {
        if case .endless = state { true } else { false }
    }

    /// Takes the bytes from `start` on, calls `data` for what is body, and returns where the message ends or `bytes`
    /// do.
    package mutating func scan(
        _ bytes: borrowing Span<UInt8>, from start: Int = 0, data: (Range<Int>) -> Void
    ) throws(WireFault) -> Int {
        var index = start
        while let stretch = try next(bytes, at: &index) { data(stretch) }
        return index
    }

    /// The next stretch of body in the bytes from `index` on, which moves past it; nil where they or the message end.
    package mutating func next(
        _ bytes: borrowing Span<UInt8>, at index: inout Int
    ) throws(WireFault) -> Range<Int>? {
        let start = index
        switch state {
        case .counting(let rest):
            index = start &+ min(rest, bytes.count &- start)
            state = .counting(rest &- (index &- start))
        case .chunked(var scanner):
            let stretch = try scanner.next(bytes, at: &index)
            state = .chunked(scanner)
            return stretch
        case .endless: index = bytes.count
        }
        return index > start ? start..<index : nil
    }
}
