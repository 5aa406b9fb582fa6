/// What is wrong with a message, in words for whoever sent it and for the log.
///
/// Nothing is ever repaired: a message that two parsers could read differently is how requests are smuggled.
package enum WireFault: String, Error, Sendable, CaseIterable {
    case bareLineFeed = "a line ends in LF without CR"
    case badLineEnd = "a CR is not followed by LF"
    case requestLine = "the request line is malformed"
    case target = "the request target is not an absolute path"
    case version = "the HTTP version is malformed"
    case statusLine = "the status line is malformed"
    case fieldName = "a header name holds a byte that is not allowed"
    case fieldValue = "a header value holds a control byte"
    case noColon = "a header line has no colon"
    case foldedLine = "a header line is folded"
    case host = "Host is missing, doubled or malformed"
    case contentLength = "Content-Length is malformed or doubled"
    case transferEncoding = "Transfer-Encoding is not exactly 'chunked'"
    case conflictingLengths = "Content-Length and Transfer-Encoding are both there"
    case encodingInHTTP10 = "Transfer-Encoding is not part of HTTP/1.0"
    case connection = "Connection is malformed"
    case chunkSize = "a chunk size is malformed"
    case chunkExtension = "a chunk extension is malformed or too long"
    case chunkOverhead = "the chunk extensions are larger than the data"
    case chunkEnd = "a chunk is not followed by CRLF"
    case trailer = "a trailer line is malformed or too long"
    case unexpectedInterim = "an interim response came unasked or too often"
    case tooManyFields = "there are more than 100 header lines"
    case headTooLarge = "the head is larger than the limit"
}
