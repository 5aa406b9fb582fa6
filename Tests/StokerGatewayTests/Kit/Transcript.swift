import NIOCore
import Synchronization

/// What has come over a connection so far; tests wait for it to say something.
final class Transcript: Sendable {
    private struct State {
        var text = ""
        var isClosed = false
        var waiters: [(isDone: @Sendable (String) -> Bool, resume: CheckedContinuation<String, Never>)] = []

        /// Takes out the waiters that have what they wait for; the end of the connection satisfies all.
        mutating func satisfied() -> [CheckedContinuation<String, Never>] {
            let done = waiters.filter { isClosed || $0.isDone(text) }
            waiters.removeAll { isClosed || $0.isDone(text) }
            return done.map(\.resume)
        }
    }

    private let state = Mutex(State())

    var text: String { state.withLock { $0.text } }

    func append(_ bytes: ByteBuffer) { update { $0.text += String(buffer: bytes) } }

    func close() { update { $0.isClosed = true } }

    /// Everything so far, once `isDone` says that it is enough or the connection has ended.
    func wait(_ isDone: @escaping @Sendable (String) -> Bool) async -> String {
        await withCheckedContinuation { continuation in
            update { $0.waiters.append((isDone, continuation)) }
        }
    }

    /// Everything, once the connection has ended.
    func end() async -> String { await wait { _ in false } }

    private func update(_ change: (inout State) -> Void) {
        let (ready, text) = state.withLock { state in
            change(&state)
            return (state.satisfied(), state.text)
        }
        for continuation in ready { continuation.resume(returning: text) }
    }
}

/// Writes down what a channel receives.
final class TranscriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let transcript: Transcript

    init(_ transcript: Transcript) { self.transcript = transcript }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { transcript.append(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { transcript.close() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { transcript.close() }
    }
}
