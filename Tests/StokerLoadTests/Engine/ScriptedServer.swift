import CLinux
import Glibc
import StokerCore
import StokerHost
import Synchronization

/// A server that does to each request what a test says, well or badly. Blocking, a thread for each connection.
final class ScriptedServer: Sendable {
    /// What is done with one request.
    enum Action: Sendable {
        case send(String)
        /// Closes in good order.
        case close
        /// Closes with RST.
        case reset
        /// Leaves the connection open and says nothing more until the client goes.
        case hang
    }

    let port: UInt16
    private let listener: Descriptor
    private let connectionCount = Atomic(0)
    private let requestCount = Atomic(0)
    private let isOver = Atomic(false)

    var connections: Int { connectionCount.load(ordering: .relaxed) }
    var requests: Int { requestCount.load(ordering: .relaxed) }

    /// - Parameter script: by number of the connection and of the request on it, both from 0.
    init(_ script: @escaping @Sendable (_ connection: Int, _ request: Int) -> [Action]) throws {
        listener = try ListeningSocket.open(Endpoint(host: "127.0.0.1", port: 0))
        port = ListeningSocket.port(of: listener) ?? 0
        // The kernel's own waiting: accept is asked only when poll says that somebody is there.
        try OwnThread.start { [self] in
            while !isOver.load(ordering: .relaxed) {
                var waited = pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)
                guard poll(&waited, 1, 50) > 0 else { continue }
                let socket = clinux_accept(listener.number)
                guard socket >= 0 else { continue }
                // Closed on exec, and blocking: each connection has a thread.
                _ = clinux_fcntl(socket, F_SETFL, 0)
                let number = connectionCount.wrappingAdd(1, ordering: .relaxed).oldValue
                let connection = Descriptor(owning: socket)
                try? OwnThread.start { self.serve(connection, number, script) }
            }
        }
    }

    deinit { stop() }

    func stop() { isOver.store(true, ordering: .relaxed) }

    private func serve(_ connection: Descriptor, _ number: Int, _ script: (Int, Int) -> [Action]) {
        var request = 0
        while readRequest(connection) {
            requestCount.wrappingAdd(1, ordering: .relaxed)
            for action in script(number, request) {
                switch action {
                case .send(let text):
                    let bytes = Array(text.utf8)
                    var sent = 0
                    while sent < bytes.count {
                        let count = bytes[sent...].withUnsafeBytes {
                            send(connection.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                        }
                        guard count > 0 else { return }
                        sent += count
                    }
                case .close: return
                case .reset:
                    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
                    setsockopt(
                        connection.number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
                    return
                case .hang:
                    var byte: UInt8 = 0
                    while recv(connection.number, &byte, 1, 0) > 0 {}
                    return
                }
            }
            request += 1
        }
    }

    /// Reads a head and a body of known length. Returns false when the client is gone.
    private func readRequest(_ connection: Descriptor) -> Bool {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection.number, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let head = text[..<end.lowerBound].lowercased()
            let length = head.range(of: "content-length: ").flatMap {
                Int(head[$0.upperBound...].prefix { $0.isNumber })
            }
            if text[end.upperBound...].utf8.count >= length ?? 0 { return true }
        }
    }
}

extension StringProtocol {
    /// Foundation's name for it, without Foundation.
    fileprivate func range(of part: String) -> Range<Index>? { ranges(of: part).first }
}

/// Answers of an engine, well made.
enum Answers {
    static let streamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    static let token = #"data: {"choices":[{"text":" word","finish_reason":null}]}"# + "\n\n"
    static let end = #"data: {"choices":[{"text":"","finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"
    static let usage = #"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3}}"# + "\n\n"

    static func chunked(_ events: String...) -> String {
        events.map { String($0.utf8.count, radix: 16) + "\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
    }

    static let stream = streamHead + chunked(token, token, token, usage + end)

    static func whole(_ status: String, _ type: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
