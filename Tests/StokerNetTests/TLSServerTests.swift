import Glibc
import NIOCore
import StokerNet
import StokerTesting
import Testing

@Suite("TLS for clients", .timeLimit(.minutes(1)))
struct TLSServerTests {
    /// What both ends were told, in the order of each.
    struct Story: Sendable {
        var server: [String] = []
        var client: [String] = []
    }

    /// Lets a client that trusts `roots` (nil: whoever it is) meet a server with that certificate. The client says
    /// `hello`, the server answers with `answer` and ends.
    private func meeting(
        _ certificate: TestCertificate, trusting roots: String?, answer: String = "welcome"
    ) async throws -> Story {
        let server = try TLSServer(certificate: certificate.certificate, key: certificate.key)
        let client = try TLSClient(host: "127.0.0.1", isInsecure: roots == nil, authorities: roots)
        return try await SocketLoopTests.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish(Story()) }
            let ends = (server: Talker(answer: answer), client: Talker(greeting: "hello"))
            let finishWhenBoth = {
                guard ends.server.isOver, ends.client.isOver else { return }
                finish(Story(server: ends.server.said, client: ends.client.said))
            }
            ends.server.whenOver = finishWhenBoth
            ends.client.whenOver = finishWhenBoth
            ends.server.socket = loop.adopt(near, owner: ends.server, tls: server.session(over: near))
            ends.client.socket = loop.adopt(far, owner: ends.client, tls: client.session(over: far))
        }
    }

    @Test(arguments: [TestCertificate.Algorithm.elliptic, .rsa])
    func `what one side says by TLS the other hears, and then the end`(kind: TestCertificate.Algorithm) async throws {
        let certificate = try await TestCertificate(kind)
        let story = try await meeting(certificate, trusting: certificate.certificate)
        #expect(story.server == ["connected", "hello", "end"])
        #expect(story.client == ["connected", "welcome", "end"])
    }

    @Test func `more than a socket takes comes whole and in order`() async throws {
        let certificate = try await TestCertificate()
        let long = (0..<400_000).map { "\($0)," }.joined()
        let story = try await meeting(certificate, trusting: certificate.certificate, answer: long)
        #expect(story.client.dropFirst().dropLast().joined() == long)
    }

    @Test func `a client that does not trust the certificate says so to both`() async throws {
        let stranger = try await TestCertificate()
        let story = try await meeting(try await TestCertificate(), trusting: stranger.certificate)
        #expect(story.client.count == 1 && story.client[0].hasPrefix("certificate refused: "))
        #expect(story.server.count == 1 && story.server[0].contains("alert"))
    }

    @Test func `a client that believes anything is served`() async throws {
        #expect(try await meeting(try await TestCertificate(), trusting: nil).client.contains("welcome"))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\0\u{4}junk", "SSH-2.0-OpenSSH_9.2\r\n"])
    func `who does not speak TLS gets no answer in the clear`(words: String) async throws {
        let certificate = try await TestCertificate()
        let server = try TLSServer(certificate: certificate.certificate, key: certificate.key)
        let story: Story = try await SocketLoopTests.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish(Story()) }
            let ends = (server: Talker(answer: "secret"), client: Talker())
            ends.client.whenOver = { finish(Story(server: ends.server.said, client: ends.client.said)) }
            ends.server.socket = loop.adopt(near, owner: ends.server, tls: server.session(over: near))
            ends.client.socket = loop.adopt(far, owner: ends.client)
            ends.client.socket?.output.writeString(words)
            ends.client.socket?.flush()
        }
        #expect(story.server.count == 1 && !story.server.contains("connected"))
        // At most an alert of TLS, of which no byte is a letter.
        let heard = story.client.dropLast().joined()
        #expect(heard.utf8.count <= 7 && !heard.contains { $0.isLetter && $0.isASCII })
    }

    @Test func `writing to a client that is gone is a failure of the connection and not the end of the program`()
        async throws
    {
        let files = try await TestCertificate()
        let server = try TLSServer(certificate: files.certificate, key: files.key)
        let client = try TLSClient(host: "127.0.0.1", isInsecure: true)
        let words: [String] = try await SocketLoopTests.onLoop { loop, finish in
            guard let (near, far) = SocketPair.make() else { return finish([]) }
            let ends = (server: Talker(), client: Talker(greeting: "hello"))
            ends.server.whenHeard = {
                // The kernel refuses the next byte that is written to the pair.
                shutdown(near, Int32(SHUT_WR))
                ends.server.socket?.output.writeString("too late")
                ends.server.socket?.flush()
            }
            ends.server.whenOver = { finish(ends.server.said) }
            ends.server.socket = loop.adopt(near, owner: ends.server, tls: server.session(over: near))
            ends.client.socket = loop.adopt(far, owner: ends.client, tls: client.session(over: far))
        }
        #expect(words.first == "connected" && words.count >= 3)
    }

    @Test func `the dates of a certificate are known`() async throws {
        let certificate = try await TestCertificate()
        let server = try TLSServer(certificate: certificate.certificate, key: certificate.key)
        let now = Int64(time(nil))
        #expect(server.validity.contains(now))
        #expect(abs(server.validity.upperBound - now - 2 * 86_400) < 3600)
    }

    // MARK: Files

    /// Makes the paths of a certificate and of a key, one of them bad.
    struct BadFile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var isKey: Bool
        var reason: String
        var path: @Sendable (TestCertificate) throws -> String

        init(
            _ name: String, isKey: Bool, reason: String, _ path: @escaping @Sendable (TestCertificate) throws -> String
        ) {
            testDescription = name
            self.isKey = isKey
            self.reason = reason
            self.path = path
        }
    }

    static let badFiles: [BadFile] = [
        BadFile("no certificate", isKey: false, reason: "No such file or directory") { $0.directory + "/none" },
        BadFile("no key", isKey: true, reason: "No such file or directory") { $0.directory + "/none" },
        BadFile("a directory", isKey: false, reason: "it is not a regular file") { $0.directory },
        BadFile("a pipe", isKey: true, reason: "it is not a regular file") {
            mkfifo($0.directory + "/pipe", 0o600)
            return $0.directory + "/pipe"
        },
        BadFile("an endless file", isKey: false, reason: "it is larger than 1 MiB") {
            try $0.write(String(repeating: "x", count: 1 << 20 + 1), as: "long")
        },
        BadFile("a text for a certificate", isKey: false, reason: "it holds no certificate in PEM, or a damaged one") {
            try $0.write("hello\n", as: "text")
        },
        BadFile("half a certificate", isKey: false, reason: "it holds no certificate in PEM, or a damaged one") {
            try $0.write("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", as: "half")
        },
        BadFile("a key for a certificate", isKey: false, reason: "it holds no certificate in PEM, or a damaged one") {
            $0.key
        },
        BadFile("a certificate for a key", isKey: true, reason: "it holds no private key in PEM, or a damaged one") {
            $0.certificate
        },
        BadFile("nothing for a key", isKey: true, reason: "it holds no private key in PEM, or a damaged one") {
            try $0.write("", as: "empty")
        },
    ]

    @Test(arguments: badFiles)
    func `a file that cannot be used is named with the reason`(bad: BadFile) async throws {
        let good = try await TestCertificate()
        let path = try bad.path(good)
        let fault = #expect(throws: TLSFault.self) {
            try TLSServer(certificate: bad.isKey ? good.certificate : path, key: bad.isKey ? path : good.key)
        }
        #expect(fault?.file == path && fault?.reason == bad.reason)
        #expect(fault?.description == "\(path): \(bad.reason)")
    }

    @Test(arguments: [TestCertificate.Algorithm.elliptic, .rsa])
    func `the key of another certificate is refused`(kind: TestCertificate.Algorithm) async throws {
        let (one, other) = (try await TestCertificate(), try await TestCertificate(kind))
        let fault = #expect(throws: TLSFault.self) { try TLSServer(certificate: one.certificate, key: other.key) }
        #expect(fault?.file == other.key && fault?.reason == "the key does not belong to the certificate")
    }

    @Test func `an encrypted key is refused, and nobody is asked for its passphrase`() async throws {
        let certificate = try await TestCertificate(passphrase: "correct horse")
        let fault = #expect(throws: TLSFault.self) {
            try TLSServer(certificate: certificate.certificate, key: certificate.key)
        }
        #expect(fault?.reason == "the key is encrypted")
    }

    @Test func `a failed load spoils no connection that comes after it`() async throws {
        let certificate = try await TestCertificate()
        #expect(throws: TLSFault.self) { try TLSServer(certificate: certificate.key, key: certificate.key) }
        #expect(try await meeting(certificate, trusting: certificate.certificate).client.contains("welcome"))
    }

    @Test func `roots that are not there are named`() {
        let fault = #expect(throws: TLSFault.self) {
            try TLSClient(host: "h", isInsecure: false, authorities: "/nonexistent.pem")
        }
        #expect(fault?.file == "/nonexistent.pem")
    }
}

/// One end of a conversation: greets when it stands, answers once, and says what it was told. Confined to its loop.
private final class Talker: StreamOwner {
    var socket: StreamSocket?
    var said: [String] = []
    var isOver = false
    var whenOver: () -> Void = {}
    var whenHeard: () -> Void = {}
    private let greeting: String?
    private let answer: String?

    init(greeting: String? = nil, answer: String? = nil) {
        self.greeting = greeting
        self.answer = answer
    }

    func connected() {
        said.append("connected")
        guard let greeting else { return }
        socket?.output.writeString(greeting)
        socket?.flush()
    }

    func received(_ bytes: borrowing Span<UInt8>) {
        said.append(bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        whenHeard()
        guard let answer else { return }
        socket?.output.writeString(answer)
        socket?.endOutput()
    }

    func receivedAll() {}
    func outputPiles(_ isPiling: Bool) {}

    func inputEnded() {
        said.append("end")
        socket?.endOutput()
        over()
    }

    func failed(_ failure: TransferFailure) {
        said.append(failure.words)
        over()
    }

    private func over() {
        isOver = true
        whenOver()
    }
}
