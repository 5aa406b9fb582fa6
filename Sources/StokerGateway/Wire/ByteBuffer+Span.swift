import NIOCore

extension ByteBuffer {
    /// A copy of bytes that are gone soon.
    init(copying bytes: borrowing Span<UInt8>) {
        self = ByteBufferAllocator().buffer(capacity: bytes.count)
        writeBytes(bytes.bytes)
    }
}
