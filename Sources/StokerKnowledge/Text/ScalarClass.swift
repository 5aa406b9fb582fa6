/// What a character means to the tokenizer.
enum ScalarClass: Equatable {
    /// Ends a word: spaces, punctuation, symbols, controls.
    case separator
    /// Part of a word of a script that puts spaces between words, already folded to its plain form.
    case spaced(Unicode.Scalar)
    /// A character of a script that writes words without spaces (Chinese, Japanese, Thai …).
    case unspaced

    init(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            self = Self.ascii(scalar)
        } else if let plain = Self.halfWidth(of: scalar) {
            self = Self.ascii(plain)
        } else if Self.isUnspaced(scalar.value) {
            self = .unspaced
        } else {
            self = Self.isWordPart(scalar) ? .spaced(scalar) : .separator
        }
    }

    /// Letters and digits, lower-cased. `_` separates, so that `empty_cache` is found by `cache`.
    private static func ascii(_ scalar: Unicode.Scalar) -> ScalarClass {
        switch scalar {
        case "a"..."z", "0"..."9": .spaced(scalar)
        case "A"..."Z": .spaced(Unicode.Scalar(UInt8(scalar.value) | 0x20))
        default: .separator
        }
    }

    /// Chinese and Japanese input methods write full-width `GPU`; the reader means `GPU`.
    private static func halfWidth(of scalar: Unicode.Scalar) -> Unicode.Scalar? {
        (0xFF01...0xFF5E).contains(scalar.value) ? Unicode.Scalar(scalar.value - 0xFEE0) : nil
    }

    /// Marks count as well: in Devanagari and its kin they are the vowels.
    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isAlphabetic { return true }
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark: return true
        default: return false
        }
    }

    /// The blocks whose words have no spaces between them. Hangul has spaces, but glues particles to its words, and
    /// bigrams cut them off again (Lucene's CJKAnalyzer does the same).
    private static func isUnspaced(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x3FFFD, 0xF900...0xFAFF, 0x2E80...0x2FDF: true  // Han
        case 0x3005...0x3007, 0x3021...0x3029: true  // iteration mark, ideographic zero, numerals
        case 0x3041...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F: true  // kana
        case 0x3105...0x312F, 0x31A0...0x31BF: true  // Bopomofo
        case 0xAC00...0xD7A3: true  // Hangul
        case 0x0E01...0x0E3A, 0x0E40...0x0E4E, 0x0E81...0x0ECD: true  // Thai, Lao
        case 0x1000...0x103F, 0x1780...0x17D3: true  // Myanmar, Khmer
        default: false
        }
    }
}
