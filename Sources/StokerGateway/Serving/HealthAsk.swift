import NIOCore
import StokerCore
import StokerHost
import StokerNet
import StokerWire

/// Asks a suspect backend's health path once, over a connection of its own. Confined to its loop.
final class HealthAsk: StreamOwner {
    /// SGLang's `/health` sleeps a second before it answers.
    static let patience = Duration.seconds(5)

    private let request: String
    private var socket: StreamSocket?
    private var reader = ResponseReader()
    private var isConnected = false
    private var done: ((Result<Void, HealthFailure>) -> Void)?

    /// Why a question was not answered well, as a clause for people.
    struct HealthFailure: Error, Equatable {
        var words: String
        /// Whether the backend said anything at all.
        var isAnswer = false
    }

    /// Asks, and calls `done` once: with success when the backend answers 2xx in time.
    @discardableResult
    init(
        _ backend: CompiledTable.Backend, within patience: Duration = HealthAsk.patience, on loop: GatewayLoop,
        done: @escaping (Result<Void, HealthFailure>) -> Void
    ) {
        let target = backend.route.address.pathPrefix + backend.route.healthPath
        request = "GET \(target) HTTP/1.1\r\nHost: \(backend.authority)\r\nConnection: close\r\n\r\n"
        self.done = done
        loop.resolve(backend) { address in
            guard let address else { return self.end("the name \(backend.route.address.host) cannot be resolved") }
            do throws(SystemError) {
                self.socket = try loop.events.connect(to: address, owner: self, tls: backend.cell.tls)
            } catch {
                self.end(AttemptFailure.connect(SystemError.words(error.code).lowercased()).text)
            }
        }
        loop.events.after(patience) {
            self.end(self.isConnected ? "no answer in time" : AttemptFailure.connectTimeout.text)
        }
    }

    func connected() {
        isConnected = true
        reader.expectResponse()
        socket?.output.writeString(request)
        socket?.flush()
    }

    func received(_ bytes: borrowing Span<UInt8>) {
        var index = 0
        do throws(WireFault) {
            guard case .head(let head, _) = try reader.next(bytes, at: &index) else { return }
            let isWell = (200...299).contains(head.status)
            end(isWell ? nil : "its health path answers \(head.status)", isAnswer: true)
        } catch {
            end(error.rawValue, isAnswer: true)
        }
    }

    func receivedAll() {}
    func outputPiles(_ isPiling: Bool) {}
    func inputEnded() { end("it closed the connection without an answer") }

    func failed(_ failure: TransferFailure) {
        let words = failure.words.lowercased()
        end(isConnected ? words : AttemptFailure.connect(words).text)
    }

    private func end(_ trouble: String?, isAnswer: Bool = false) {
        guard let done else { return }
        self.done = nil
        socket?.close()
        socket = nil
        done(trouble.map { .failure(HealthFailure(words: $0, isAnswer: isAnswer)) } ?? .success(()))
    }
}
