import GRDB

/// `Tokenizer` as SQLite's FTS5 calls it.
///
/// Only connections that register it can read or write the index; the table `knowledge` itself is readable by any tool.
final class IndexTokenizer: FTS5CustomTokenizer {
    static let name = "stoker"

    /// SQLite's code for success; what the callback returns else ends the scan and goes back to SQLite.
    private static let ok = ResultCode.SQLITE_OK.rawValue

    init(db: Database, arguments: [String]) throws {}

    func tokenize(
        context: UnsafeMutableRawPointer?, tokenization: FTS5Tokenization, pText: UnsafePointer<CChar>?, nText: CInt,
        tokenCallback: @escaping FTS5TokenCallback
    ) -> CInt {
        guard let pText, nText > 0 else { return Self.ok }
        let bytes = UnsafeRawBufferPointer(start: pText, count: Int(nText))
        let text = String(decoding: bytes, as: UTF8.self)
        var code = Self.ok
        Tokenizer.scan(text, for: tokenization.contains(.query) ? .query : .document) { term in
            code = Self.hand(term, to: tokenCallback, context)
            return code == Self.ok
        }
        return code
    }

    private static func hand(
        _ term: Term, to callback: FTS5TokenCallback, _ context: UnsafeMutableRawPointer?
    ) -> CInt {
        var text = term.text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { chars in
                callback(
                    context, 0, chars.baseAddress, CInt(chars.count), CInt(clamping: term.range.lowerBound),
                    CInt(clamping: term.range.upperBound))
            }
        }
    }
}
