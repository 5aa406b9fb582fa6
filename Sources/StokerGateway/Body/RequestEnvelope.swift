package import NIOCore
import StokerWire

/// What the gateway must know of a request's JSON body; read once, in one pass, and the whole body is checked on the
/// way.
package struct RequestEnvelope: Sendable, Equatable {
    package var model: String
    /// The place of the model's value in the body, quotes included.
    package var modelValue: Range<Int>
    /// Whether the client asks for a stream.
    package var streams: Bool
    /// The place of the value of `messages`, the last one where there are several; nil when there is none.
    package var messages: Range<Int>?
    /// The same of `prompt`.
    package var prompt: Range<Int>?

    package enum Fault: Error, Equatable, Sendable {
        case notJSON(at: Int)
        case notUTF8
        case notAnObject
        case tooDeep
        case modelMissing
        case modelNotText
        /// Two parsers may take different ones.
        case doubledKey(String)

        fileprivate init(_ fault: JSONScanner.Fault) {
            self =
                switch fault {
                case .tooDeep: .tooDeep
                case .unexpected(let place): .notJSON(at: place)
                }
        }
    }

    /// Reads the envelope of `body`.
    package static func read(_ body: ByteBuffer) throws(Fault) -> RequestEnvelope {
        let bytes = body.readableBytesUInt8Span
        do {
            _ = try UTF8Span(validating: bytes)
        } catch {
            throw .notUTF8
        }
        var reader = Reader()
        do throws(JSONScanner.Fault) {
            try reader.run(bytes)
        } catch {
            throw Fault(error)
        }
        if let fault = reader.fault { throw fault }
        guard let value = reader.model else { throw .modelMissing }
        guard let model = reader.modelText, !model.isEmpty else { throw .modelNotText }
        return RequestEnvelope(
            model: model, modelValue: value, streams: reader.streams ?? false, messages: reader.messages,
            prompt: reader.prompt)
    }

    /// The body with another model name in it.
    package func rewriting(_ body: ByteBuffer, model: String) -> ByteBuffer {
        let bytes = body.readableBytesUInt8Span
        var out = ByteBufferAllocator().buffer(capacity: bytes.count + model.utf8.count + 2)
        out.writeBytes(bytes.extracting(0..<modelValue.lowerBound).bytes)
        out.writeString(JSONText.encode(model))
        out.writeBytes(bytes.extracting(modelValue.upperBound..<bytes.count).bytes)
        return out
    }
}

/// One pass over the top-level object.
private struct Reader {
    var scanner = JSONScanner()
    var model: Range<Int>?
    var modelText: String?
    var streams: Bool?
    var messages: Range<Int>?
    var prompt: Range<Int>?
    var fault: RequestEnvelope.Fault?

    mutating func run(_ bytes: borrowing Span<UInt8>) throws(JSONScanner.Fault) {
        scanner.skipSpace(bytes)
        guard scanner.index < bytes.count, bytes[scanner.index] == ASCII.braceOpen else {
            fault = scanner.index < bytes.count ? .notAnObject : .notJSON(at: scanner.index)
            return
        }
        scanner.index &+= 1
        scanner.skipSpace(bytes)
        if scanner.index < bytes.count, bytes[scanner.index] == ASCII.braceClose {
            scanner.index &+= 1
        } else {
            repeat { try member(bytes) } while try comma(bytes)
        }
        scanner.skipSpace(bytes)
        guard scanner.index == bytes.count else { throw .unexpected(at: scanner.index) }
    }

    private mutating func comma(_ bytes: borrowing Span<UInt8>) throws(JSONScanner.Fault) -> Bool {
        scanner.skipSpace(bytes)
        guard scanner.index < bytes.count, bytes[scanner.index] == ASCII.comma else {
            try scanner.expect(ASCII.braceClose, bytes)
            return false
        }
        scanner.index &+= 1
        return true
    }

    private mutating func member(_ bytes: borrowing Span<UInt8>) throws(JSONScanner.Fault) {
        scanner.skipSpace(bytes)
        let key = try scanner.string(bytes)
        scanner.skipSpace(bytes)
        try scanner.expect(ASCII.colon, bytes)
        scanner.skipSpace(bytes)
        let start = scanner.index
        try scanner.value(bytes)
        let value = start..<scanner.index
        // An escaped key (`mod\u0065l`) means the same to the engine, so it must mean the same here.
        if isKey(key, "model", bytes) {
            if model != nil { fault = .doubledKey("model") }
            model = value
            modelText = text(value, bytes)
        } else if isKey(key, "stream", bytes) {
            if streams != nil { fault = .doubledKey("stream") }
            streams = bytes.equals("true", in: value)
        } else if bytes.equals("messages", in: key) {
            messages = value
        } else if bytes.equals("prompt", in: key) {
            prompt = value
        }
    }

    private func isKey(_ key: Range<Int>, _ word: StaticString, _ bytes: borrowing Span<UInt8>) -> Bool {
        if bytes.equals(word, in: key) { return true }
        guard key.count > word.utf8CodeUnitCount,
            bytes.firstIndex(of: ASCII.backslash, from: key.lowerBound, to: key.upperBound) != nil
        else { return false }
        return JSONText.decode(key, in: bytes) == word.description
    }

    private func text(_ value: Range<Int>, _ bytes: borrowing Span<UInt8>) -> String? {
        guard bytes[value.lowerBound] == ASCII.quote else { return nil }
        return JSONText.decode(value.lowerBound + 1..<value.upperBound - 1, in: bytes)
    }
}
