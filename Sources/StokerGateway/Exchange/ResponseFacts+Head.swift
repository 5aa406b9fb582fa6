import NIOCore
import StokerWire

extension ResponseFacts {
    /// What of a head matters; `bytes` are those that it was read from.
    init(_ head: ResponseHead, in bytes: ByteBuffer) {
        self.init(status: head.status)
        content =
            switch head.content {
            case .eventStream: .eventStream
            case .json: .json
            case .unnamed: .unnamed
            case .other: .other(Self.contentType(head, in: bytes))
            }
        if case .length(let length) = head.framing { contentLength = length }
    }

    private static func contentType(_ head: ResponseHead, in bytes: ByteBuffer) -> String {
        guard let field = head.fields.first(where: { $0.known == .contentType }) else { return "" }
        return String(bytes.readableBytesUInt8Span.text(in: field.value).prefix(64))
    }
}
