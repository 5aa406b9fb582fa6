import Foundation
import NIOCore
import StokerCore
import StokerGateway
import StokerTesting
import Testing

@Suite("The certificate in force", .timeLimit(.minutes(1)))
struct CertificateTests {
    private static let expiry = "stoker_gateway_tls_certificate_expiry_seconds"

    private static func limits(_ files: TestCertificate?) -> GatewayPlan {
        GatewayPlan(
            listen: Endpoint(host: "127.0.0.1", port: 0), threads: 1,
            tls: files.map { GatewayTLS(certificate: $0.certificate, key: $0.key) })
    }

    private static func table(_ files: TestCertificate?, version: UInt64) -> RoutingTable {
        RoutingTable(version: version, epoch: 1, limits: limits(files), backends: [], models: [])
    }

    /// Whether a client that trusts only that certificate gets an answer.
    private static func isShown(_ certificate: TestCertificate, by gateway: TestGateway) async throws -> Bool {
        let client = try SecureClient(port: gateway.port, trusting: certificate.certificate)
        let answer = await client.roundTrip(TestGateway.get("/health"))
        client.close()
        return answer?.status == 200
    }

    @Test func `a renewed certificate is shown to those who come after it was noticed`() async throws {
        let (files, old, new) = (try await TestCertificate(), try await TestCertificate(), try await TestCertificate())
        try files.replace(by: old)
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            let early = try SecureClient(port: gateway.port, trusting: old.certificate)
            #expect(await early.roundTrip(TestGateway.get("/health"))?.status == 200)
            try files.replace(by: new)
            gateway.server.desk.lookAtCertificate()
            #expect(try await Self.isShown(new, by: gateway))
            #expect(try await !Self.isShown(old, by: gateway))
            // And who was there before is served on.
            #expect(await early.roundTrip(TestGateway.get("/health"))?.status == 200)
            early.close()
        }
    }

    @Test func `a table brings it too, even one that says the same`() async throws {
        let (files, new) = (try await TestCertificate(), try await TestCertificate())
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            try files.replace(by: new)
            try gateway.server.desk.apply(Self.table(files, version: 1))
            #expect(try await Self.isShown(new, by: gateway))
        }
    }

    @Test func `files that nobody touched are not read again`() async throws {
        let files = try await TestCertificate()
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            let before = gateway.server.desk.table
            gateway.server.desk.lookAtCertificate()
            #expect(gateway.server.desk.table === before)
        }
    }

    @Test(arguments: ["certificate", "key"])
    func `while only one of the two files is new, the old pair stays in force`(first: String) async throws {
        let (files, old, new) = (try await TestCertificate(), try await TestCertificate(), try await TestCertificate())
        try files.replace(by: old)
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            let names = ["certificate": "fullchain.pem", "key": "key.pem"]
            let name = try #require(names[first])
            _ = try files.write(try String(contentsOfFile: "\(new.directory)/\(name)", encoding: .utf8), as: name)
            gateway.server.desk.lookAtCertificate()
            #expect(try await Self.isShown(old, by: gateway))
            try files.replace(by: new)
            gateway.server.desk.lookAtCertificate()
            #expect(try await Self.isShown(new, by: gateway))
        }
    }

    @Test func `a table whose certificate cannot be loaded is applied with the earlier certificate`() async throws {
        let files = try await TestCertificate()
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            let before = gateway.metric(Self.expiry)
            _ = try files.write("no certificate", as: "fullchain.pem")
            try gateway.server.desk.apply(Self.table(files, version: 7))
            #expect(gateway.server.desk.table.source.version == 7)
            #expect(gateway.metric(Self.expiry) == before && before != 0 && before != nil)
            let client = try SecureClient(port: gateway.port)
            #expect(await client.roundTrip(TestGateway.get("/health"))?.status == 200)
            client.close()
        }
    }

    @Test func `without any certificate nobody is served, least of all in the clear, until there is one`() async throws
    {
        let (files, good) = (try await TestCertificate(), try await TestCertificate())
        _ = try files.write("", as: "key.pem")
        try await TestGateway.with(limits: Self.limits(files)) { gateway in
            #expect(gateway.metric(Self.expiry) == 0)
            let plain = try await TestClient.connect(to: gateway.port)
            try? await plain.send(TestGateway.get("/health"))
            #expect(await plain.transcript.end() == "")
            let secure = try SecureClient(port: gateway.port)
            #expect(await secure.roundTrip(TestGateway.get("/health")) == nil)
            #expect(gateway.metric("stoker_gateway_rejected_requests_total", "tls") == 2)
            try files.replace(by: good)
            gateway.server.desk.lookAtCertificate()
            #expect(try await Self.isShown(good, by: gateway))
        }
    }

    @Test func `a table can take TLS away and bring it back`() async throws {
        let files = try await TestCertificate()
        try await TestGateway.with(limits: Self.limits(nil)) { gateway in
            #expect(gateway.metric(Self.expiry) == nil)
            let early = try await TestClient.connect(to: gateway.port)
            #expect(try await early.roundTrip(TestGateway.get("/health")).status == 200)
            try gateway.server.desk.apply(Self.table(files, version: 1))
            #expect(try await Self.isShown(files, by: gateway))
            // Who spoke plainly before may finish.
            #expect(try await early.roundTrip(TestGateway.get("/health")).status == 200)
            try gateway.server.desk.apply(Self.table(nil, version: 2))
            let late = try await TestClient.connect(to: gateway.port)
            #expect(try await late.roundTrip(TestGateway.get("/health")).status == 200)
        }
    }

    // MARK: Before it is used

    @Test func `a good certificate is no finding`() async throws {
        let files = try await TestCertificate()
        #expect(CertificateFiles(GatewayTLS(certificate: files.certificate, key: files.key)).finding(at: .today) == nil)
    }

    @Test(arguments: [(-3, "not valid before"), (3, "has expired")])
    func `dates that clients refuse are a finding, and no reason not to serve`(days: Int64, words: String) async throws
    {
        let files = try await TestCertificate()
        let then = Timestamp(milliseconds: Timestamp.today.milliseconds + days * 86_400_000)
        let finding = CertificateFiles(GatewayTLS(certificate: files.certificate, key: files.key)).finding(at: then)
        guard case .invalidNow(let message, let hint) = finding else {
            return #expect(Bool(false), "\(finding as Any)")
        }
        #expect(message.contains(words) && message.contains("UTC") && !hint.isEmpty)
    }

    @Test func `a key of somebody else is a finding at the key`() async throws {
        let (files, other) = (try await TestCertificate(), try await TestCertificate())
        let finding = CertificateFiles(GatewayTLS(certificate: files.certificate, key: other.key)).finding(at: .today)
        guard case .unusable("key", let message, let hint) = finding else {
            return #expect(Bool(false), "\(finding as Any)")
        }
        #expect(message.contains("does not belong") && message.contains(other.key) && hint.contains(other.key))
    }

    @Test func `a certificate that is not there is a finding at the certificate`() async throws {
        let files = try await TestCertificate()
        let finding = CertificateFiles(GatewayTLS(certificate: "/nonexistent.pem", key: files.key)).finding(at: .today)
        guard case .unusable("certificate", let message, _) = finding else {
            return #expect(Bool(false), "\(finding as Any)")
        }
        #expect(message.contains("No such file"))
    }
}

extension Timestamp {
    /// The tests' certificates are made with the real clock.
    fileprivate static var today: Timestamp { Timestamp(milliseconds: Int64(time(nil)) * 1000) }
}
