/// Walks over JSON text (RFC 8259) without building anything: fast, strict, bounded in depth, never recursive.
package struct JSONScanner {
    /// Why a text is no JSON.
    package enum Fault: Error, Equatable {
        /// Offset of the first byte that cannot stand where it stands.
        case unexpected(at: Int)
        case tooDeep
    }

    /// Deeper than any real request, and one bit each in `containers`.
    package static let maxDepth = 128

    package var index: Int

    package init(at index: Int = 0) { self.index = index }

    package mutating func skipSpace(_ bytes: borrowing Span<UInt8>) {
        while index < bytes.count {
            switch bytes[index] {
            case ASCII.space, ASCII.tab, ASCII.lineFeed, ASCII.carriageReturn: index &+= 1
            default: return
            }
        }
    }

    /// Takes exactly this byte.
    package mutating func expect(_ byte: UInt8, _ bytes: borrowing Span<UInt8>) throws(Fault) {
        guard index < bytes.count, bytes[index] == byte else { throw .unexpected(at: index) }
        index &+= 1
    }

    /// Takes a string and returns the place of its inside.
    package mutating func string(_ bytes: borrowing Span<UInt8>) throws(Fault) -> Range<Int> {
        try expect(ASCII.quote, bytes)
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.quote {
                index &+= 1
                return start..<index &- 1
            }
            guard byte >= 0x20 else { throw .unexpected(at: index) }
            index &+= 1
            if byte == ASCII.backslash { try escape(bytes) }
        }
        throw .unexpected(at: index)
    }

    private mutating func escape(_ bytes: borrowing Span<UInt8>) throws(Fault) {
        guard index < bytes.count else { throw .unexpected(at: index) }
        let kind = bytes[index]
        index &+= 1
        switch kind {
        case ASCII.quote, ASCII.backslash, ASCII.slash, 0x62, 0x66, 0x6E, 0x72, 0x74: return
        case 0x75:
            let end = index &+ 4
            while index < end {
                guard index < bytes.count, ASCII.hexValue(bytes[index]) != nil else { throw .unexpected(at: index) }
                index &+= 1
            }
        default: throw .unexpected(at: index &- 1)
        }
    }

    /// Takes one whole value of any kind.
    package mutating func value(_ bytes: borrowing Span<UInt8>) throws(Fault) {
        // One bit a level: 1 for an object, 0 for an array.
        var containers: UInt128 = 0
        var depth = 0
        while true {
            skipSpace(bytes)
            guard index < bytes.count else { throw .unexpected(at: index) }
            let byte = bytes[index]
            if byte == ASCII.braceOpen || byte == ASCII.bracketOpen {
                guard depth < Self.maxDepth else { throw .tooDeep }
                index &+= 1
                skipSpace(bytes)
                let isObject = byte == ASCII.braceOpen
                let closing = isObject ? ASCII.braceClose : ASCII.bracketClose
                if index < bytes.count, bytes[index] == closing {
                    index &+= 1
                } else {
                    containers = containers << 1 | (isObject ? 1 : 0)
                    depth &+= 1
                    if isObject { try key(bytes) }
                    continue
                }
            } else {
                try scalar(bytes)
            }
            if try !closeContainers(bytes, &containers, &depth) { return }
        }
    }

    /// After a value: takes what ends or continues the containers around it. Returns whether another value must follow.
    private mutating func closeContainers(
        _ bytes: borrowing Span<UInt8>, _ containers: inout UInt128, _ depth: inout Int
    ) throws(Fault) -> Bool {
        while depth > 0 {
            let isObject = containers & 1 == 1
            skipSpace(bytes)
            guard index < bytes.count else { throw .unexpected(at: index) }
            if bytes[index] == ASCII.comma {
                index &+= 1
                if isObject {
                    skipSpace(bytes)
                    try key(bytes)
                }
                return true
            }
            try expect(isObject ? ASCII.braceClose : ASCII.bracketClose, bytes)
            containers >>= 1
            depth &-= 1
        }
        return false
    }

    private mutating func key(_ bytes: borrowing Span<UInt8>) throws(Fault) {
        _ = try string(bytes)
        skipSpace(bytes)
        try expect(ASCII.colon, bytes)
    }

    private mutating func scalar(_ bytes: borrowing Span<UInt8>) throws(Fault) {
        switch bytes[index] {
        case ASCII.quote: _ = try string(bytes)
        case 0x74: try word("true", bytes)
        case 0x66: try word("false", bytes)
        case 0x6E: try word("null", bytes)
        default: try number(bytes)
        }
    }

    private mutating func word(_ word: StaticString, _ bytes: borrowing Span<UInt8>) throws(Fault) {
        let end = index &+ word.utf8CodeUnitCount
        guard end <= bytes.count, bytes.equals(word, in: index..<end) else { throw .unexpected(at: index) }
        index = end
    }

    private mutating func number(_ bytes: borrowing Span<UInt8>) throws(Fault) {
        if index < bytes.count, bytes[index] == 0x2D { index &+= 1 }
        let start = index
        try digits(bytes)
        if index &- start > 1, bytes[start] == 0x30 { throw .unexpected(at: start) }
        if index < bytes.count, bytes[index] == ASCII.dot {
            index &+= 1
            try digits(bytes)
        }
        if index < bytes.count, bytes[index] | 0x20 == 0x65 {
            index &+= 1
            if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index &+= 1 }
            try digits(bytes)
        }
    }

    private mutating func digits(_ bytes: borrowing Span<UInt8>) throws(Fault) {
        let start = index
        while index < bytes.count, ASCII.isDigit(bytes[index]) { index &+= 1 }
        guard index > start else { throw .unexpected(at: index) }
    }
}
