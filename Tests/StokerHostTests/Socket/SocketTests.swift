import Glibc
import StokerCore
import StokerHost
import Testing

@Suite struct ListeningSocketTests {
    @Test("the kernel chooses a port, and a client gets through")
    func listens() throws {
        let socket = try ListeningSocket.open(Endpoint(host: "127.0.0.1", port: 0))
        let port = try #require(ListeningSocket.port(of: socket))
        #expect(port > 0)
        let holder = try #require(PortHolder.of(port: port))
        #expect(holder.pid == getpid())
    }

    @Test("IPv6 and names work too", arguments: ["::1", "localhost"])
    func families(host: String) throws {
        let socket = try ListeningSocket.open(Endpoint(host: host, port: 0))
        #expect(ListeningSocket.port(of: socket) ?? 0 > 0)
    }

    @Test("a port that is taken is refused with the program and PID that hold it")
    func taken() throws {
        let first = try ListeningSocket.open(Endpoint(host: "127.0.0.1", port: 0))
        let port = try #require(ListeningSocket.port(of: first))
        let name = try #require(ProcessFacts.name(of: getpid()))
        let refusal = #expect(throws: ListeningSocket.Refusal.self) {
            try ListeningSocket.open(Endpoint(host: "127.0.0.1", port: port))
        }
        #expect(refusal?.description == "127.0.0.1:\(port) is taken by \(name) (pid \(getpid()))")
    }

    @Test("an address that is not of this machine is refused by name")
    func foreign() {
        let refusal = #expect(throws: ListeningSocket.Refusal.self) {
            try ListeningSocket.open(Endpoint(host: "192.0.2.1", port: 0))
        }
        #expect(refusal?.description == "192.0.2.1:0: Cannot assign requested address")
        let nonsense = #expect(throws: ListeningSocket.Refusal.self) {
            try ListeningSocket.open(Endpoint(host: "not an address", port: 0))
        }
        #expect(nonsense?.description.hasPrefix("not an address:0: cannot resolve not an address: ") == true)
    }

    @Test("listeners are found in the kernel's table, connections are not")
    func table() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0
               1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0
               2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0
            nonsense
            """
        #expect(PortHolder.listeners(on: 8080, in: text) == ["4711"])
        #expect(PortHolder.listeners(on: 22, in: text) == ["4713"])
        #expect(PortHolder.listeners(on: 1, in: text) == [])
    }

    @Test("a holder is told as far as it is known")
    func holder() {
        #expect(PortHolder(pid: 812, name: "nginx").description == "nginx (pid 812)")
        #expect(PortHolder(pid: 812, name: nil).description == "a process (pid 812)")
        #expect(PortHolder().description == "another user's process")
    }
}

@Suite struct PacketSocketTests {
    @Test("packets stay apart, and the end is told")
    func packets() async throws {
        let directory = try TemporaryDirectory()
        let listener = try PacketSocket.listen(at: directory.file("socket"))
        let client = try PacketSocket.connect(to: directory.file("socket"))
        let server = Descriptor(owning: accept(listener.number, nil, nil))
        #expect(PacketSocket.receive(from: server, most: 10) == .nothing)
        #expect(PacketSocket.send([1, 2], to: client) == .sent)
        #expect(PacketSocket.send([3], to: client) == .sent)
        #expect(PacketSocket.receive(from: server, most: 10) == .packet([1, 2]))
        #expect(PacketSocket.receive(from: server, most: 10) == .packet([3]))
        shutdown(client.number, Int32(SHUT_RDWR))
        #expect(PacketSocket.receive(from: server, most: 10) == .ended)
    }

    @Test("a packet that is too large ends the conversation")
    func tooLarge() throws {
        let directory = try TemporaryDirectory()
        let listener = try PacketSocket.listen(at: directory.file("socket"))
        let client = try PacketSocket.connect(to: directory.file("socket"))
        let server = Descriptor(owning: accept(listener.number, nil, nil))
        #expect(PacketSocket.send([UInt8](repeating: 1, count: 11), to: client) == .sent)
        #expect(PacketSocket.receive(from: server, most: 10) == .ended)
    }

    @Test("a slow reader fills the socket instead of holding up the writer; a gone one is told, not signalled")
    func slow() throws {
        let directory = try TemporaryDirectory()
        let listener = try PacketSocket.listen(at: directory.file("socket"))
        let client = try PacketSocket.connect(to: directory.file("socket"))
        var server: Descriptor? = Descriptor(owning: accept(listener.number, nil, nil))
        var sent = 0
        while PacketSocket.send([UInt8](repeating: 1, count: 1000), to: client) == .sent { sent += 1 }
        #expect(sent > 1)
        #expect(PacketSocket.send([1], to: client) == .full || sent > 1)
        #expect(server != nil)
        server = nil
        // With packets unread it is a reset, without a broken pipe.
        #expect([.failed(EPIPE), .failed(ECONNRESET)].contains(PacketSocket.send([1], to: client)))
    }

    @Test("nobody there, or a path too long for a socket, is told with the path")
    func refused() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let missing = #expect(throws: SystemError.self) { try PacketSocket.connect(to: path) }
        #expect(missing == SystemError(path, code: ENOENT))
        let long = directory.file(String(repeating: "x", count: 200))
        let refusal = #expect(throws: SystemError.self) { try PacketSocket.listen(at: long) }
        #expect(refusal?.code == ENAMETOOLONG)
    }

    @Test("only this user may connect")
    func mode() throws {
        let directory = try TemporaryDirectory()
        let socket = try PacketSocket.listen(at: directory.file("socket"))
        var status = stat()
        #expect(stat(directory.file("socket"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(socket.number > 2)
    }
}
